package eventbridge_test

import "strconv"

const victimVariable = "CONVTRACK_TEST_EVENTBRIDGE_VICTIM"

func live(string) {}

func quoted(b []byte) string { return strconv.Quote(string(b)) }

package store

import "strings"

// DeliveryID is the id of a failed delivery.
func DeliveryID(eventID, hook string) string {
	return string(FailedDelivery) + ":" + eventID + ":" + hook
}

// ChangeID is the id of a failed change.
func ChangeID(conversationID string) string { return string(FailedChange) + ":" + conversationID }

// ParseDelivery reads the id of a failed delivery.
func ParseDelivery(id string) (eventID, hook string, ok bool) {
	rest, ok := strings.CutPrefix(id, string(FailedDelivery)+":")
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, ":")
}

// ParseChange reads the id of a failed change.
func ParseChange(id string) (conversationID string, ok bool) {
	return strings.CutPrefix(id, string(FailedChange)+":")
}

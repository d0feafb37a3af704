package store

import "strings"

// DeliveryID is the id of a parked delivery.
func DeliveryID(eventID, hook string) string {
	return string(ParkedDelivery) + ":" + eventID + ":" + hook
}

// ChangeID is the id of a parked change.
func ChangeID(conversationID string) string { return string(ParkedChange) + ":" + conversationID }

// ParseDelivery reads the id of a parked delivery.
func ParseDelivery(id string) (eventID, hook string, ok bool) {
	rest, ok := strings.CutPrefix(id, string(ParkedDelivery)+":")
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, ":")
}

// ParseChange reads the id of a parked change.
func ParseChange(id string) (conversationID string, ok bool) {
	return strings.CutPrefix(id, string(ParkedChange)+":")
}

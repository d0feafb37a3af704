package genesystest

import (
	"fmt"
	"time"
)

// Notification returns a frame of a queue conversation topic at full size, with
// all the fields that the platform sends, for measuring: about 2.4 KB for each
// participant. The version makes frames of the same conversation differ: with
// each, the last agent's wrap-up and hold change.
func Notification(conversationID string, participants, version int) []byte {
	start := time.Date(2025, 1, 10, 9, 0, 0, 0, time.UTC)
	iso := func(seconds, ms int) string {
		return start.Add(time.Duration(seconds)*time.Second + time.Duration(ms)*time.Millisecond).Format("2006-01-02T15:04:05.000Z")
	}
	id := func(kind string, n int) string {
		return fmt.Sprintf("%s-%s-%012x", kind, conversationID[max(0, len(conversationID)-23):], n)
	}
	purposes := []string{"customer", "ivr", "acd", "agent"}
	var list []any
	for i := range participants {
		purpose := purposes[min(i, 2+i%2)]
		agent := purpose == "agent"
		address := func(name, number string) Object {
			return Object{"name": name, "nameRaw": name, "addressNormalized": "tel:" + number,
				"addressRaw": "sip:" + number + "@edge.example.org", "addressDisplayable": number}
		}
		call := Object{"id": id("5e550000", i), "state": "connected", "initialState": "alerting", "direction": "inbound", "recording": true,
			"recordingState": "active", "muted": false, "confined": false, "held": version%2 == 1 && i == 0, "securePause": false,
			"provider": "Edge", "scriptId": id("5c410000", i), "peerId": id("5e550000", 0),
			"self": address("Müller, Jörg", "+4930901820"), "other": address("Rotterdam, Netherlands", "+31612345678"),
			"connectedTime": iso(i*20+2, i%1000), "disconnectReasons": []any{}, "afterCallWorkRequired": agent,
			"afterCallWork":      Object{"state": "unknown"},
			"queueMediaSettings": Object{"alertingTimeoutSeconds": 30, "autoAnswerAlertToneSeconds": 1.5, "manualAnswerAlertToneSeconds": 2.5, "enableAutoAnswer": false}}
		p := Object{"id": id("9a470000", i), "purpose": purpose, "name": "Jörg Müller", "connectedTime": iso(i*20, i%1000), "queueId": id("40e00000", 1),
			"address": "sip:" + id("ad400000", i) + "+example@localhost;language=de-DE;user=phone", "wrapupRequired": agent, "wrapupExpected": agent,
			"wrapupPrompt": "optional", "wrapupTimeoutMs": 120000, "alertingTimeoutMs": 30000, "mediaRoles": []string{"full"}, "screenRecordingState": "none",
			"externalContactId": id("ec000000", i), "additionalProperties": Object{},
			"conversationRoutingData": Object{"queue": Object{"id": id("40e00000", 1)},
				"language": Object{"id": id("1a000000", 1)}, "priority": 5, "skills": []any{Object{"id": id("5c000000", 1)}},
				"scoredAgents": []any{Object{"agent": Object{"id": id("a9e00000", i)}, "score": 87}}},
			"attributes": Object{"ivr.language": "de-DE", "customer segment": "gold", "crm.caseId": id("ca5e0000", i), "ivr.menu": "2 > 4 > 1", "consent": "true"},
			"calls":      []any{call}}
		if agent {
			p["userId"], p["teamId"] = id("05e00000", i), id("7ea00000", 1)
		}
		if agent && i == participants-1 {
			call["disconnectType"], call["disconnectedTime"] = "client", iso(i*20+30, 0)
			call["afterCallWork"] = Object{"state": "pending", "startTime": iso(i*20+30, 0)}
			p["startAcwTime"] = iso(i*20+30, 0)
			p["wrapup"] = Object{"code": id("c0de0000", version), "notes": "ruft wieder an", "tags": []any{}, "durationSeconds": version}
		}
		list = append(list, p)
	}
	return Frame("v2.routing.queues."+id("40e00000", 1)+".conversations", Object{"id": conversationID, "maxParticipants": 12, "participants": list,
		"recordingState": "active", "address": "tel:+31612345678", "externalTag": "order-4711", "utilizationLabelId": id("1abe0000", 1), "securePause": false,
		"divisions": []any{Object{"division": Object{"id": id("d1000000", 1), "selfUri": "/api/v2/authorization/divisions/" + id("d1000000", 1)}, "entities": []any{Object{"id": id("e1000000", 1)}}}}})
}

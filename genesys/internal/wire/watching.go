package wire

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Unknown are the members of an object that are not known here.
type Unknown = jsontext.Value

// Watches reports whether a member not known here names somebody who is watched.
func Watches(u Unknown) bool {
	if len(u) == 0 {
		return false
	}
	watches := false
	_ = Scan(u, func(dec *jsontext.Decoder) error { // it has been read once
		if _, err := dec.ReadToken(); err != nil {
			return err
		}
		for dec.PeekKind() == '"' {
			name, err := dec.ReadToken()
			if err != nil {
				return err
			}
			watched := watching(name.String())
			value, err := dec.ReadValue()
			if err != nil {
				return err
			}
			watches = watches || watched && value.Kind() == '"' && len(value) > len(`""`)
		}
		return nil
	})
	return watches
}

// watching reports whether a member names whom somebody only watches:
// …MonitoredParticipantId, …CoachedParticipantId, …MonitoredUserId and what
// Genesys may add that looks alike.
func watching[S ~string | ~[]byte](name S) bool {
	if len(name) < len("bargedId") || string(name[len(name)-2:]) != "Id" {
		return false
	}
	s := strings.ToLower(string(name))
	for _, part := range []string{"monitor", "coach", "barg", "whisper"} {
		if strings.Contains(s, part) {
			return true
		}
	}
	return false
}

// unknown reads a member that is not known here: of those only the names of
// whom somebody watches count.
func (r *reader) unknown(name []byte, watches *bool) error {
	if !watching(name) || r.PeekKind() != '"' {
		return r.skip()
	}
	var id string
	err := r.text(&id)
	*watches = *watches || id != ""
	return err
}

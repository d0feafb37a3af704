package wire

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// Unknown are the members of an object that are not known here.
type Unknown = jsontext.Value

// Watches reports whether a member not known here names somebody who is watched.
func Watches(u Unknown) (watches bool) {
	if len(u) == 0 {
		return false
	}
	_ = Scan(u, func(dec *jsontext.Decoder) error { // it has been read once
		return reading(dec, false, func(r *reader) error {
			return r.object(func(name []byte) error { return r.unknown(name, &watches) })
		})
	})
	return watches
}

// watching reports whether a member names whom somebody only watches:
// …MonitoredParticipantId, …CoachedParticipantId, …MonitoredUserId and what
// Genesys may add that looks alike, as several ids or a reference, as the media
// variants have. A user who is named as watching (screenMonitorUserIds) is not watched.
func watching(name []byte) bool {
	of := bytes.TrimSuffix(name, []byte("s"))
	if !bytes.HasSuffix(of, []byte("Id")) && !bytes.HasSuffix(of, []byte("User")) && !bytes.HasSuffix(of, []byte("Participant")) {
		return false
	}
	for _, how := range [...]string{"onitored", "hispered", "Coached", "coached", "Barged", "barged"} {
		if bytes.Contains(name, []byte(how)) {
			return true
		}
	}
	return false
}

// unknown reads a member that is not known here: of those only the names of
// whom somebody watches count.
func (r *reader) unknown(name []byte, watches *bool) error {
	if !watching(name) {
		return r.skip()
	}
	return r.anybody(watches)
}

// anybody reads an id, a reference or a list of these, and notes whether there
// is an id in it.
func (r *reader) anybody(is *bool) error {
	var id string
	switch r.PeekKind() {
	case '"':
		err := r.text(&id)
		*is = *is || id != ""
		return err
	case '{':
		err := r.id(&id)
		*is = *is || id != ""
		return err
	case '[':
		return r.list(func() error { return r.anybody(is) })
	}
	return r.skip()
}

// Package cursor writes the place at which a listing goes on as text that
// users pass back.
package cursor

import (
	"encoding/base64"
	"encoding/json"
)

// Place is behind the last item of a page: its sort key and id, and which
// listing it belongs to.
type Place struct {
	Listing string `json:"l"`
	Key     int64  `json:"k"`
	ID      string `json:"i"`
}

// String returns the cursor.
func (p Place) String() string {
	b, err := json.Marshal(p)
	if err != nil {
		panic("cursor: " + err.Error()) // three plain fields
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// Parse reads a cursor of the listing; false when it is none. The empty text
// is the place before the first item, for which there is no key.
func Parse(listing, s string) (p Place, begun, ok bool) {
	if s == "" {
		return Place{}, false, true
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || json.Unmarshal(b, &p) != nil || p.Listing != listing {
		return Place{}, false, false
	}
	return p, true, true
}

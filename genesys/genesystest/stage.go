package genesystest

import (
	"fmt"
	"slices"
	"sync"
)

// stage holds the conversations that were ever played.
type stage struct {
	server *Server
	mu     sync.Mutex
	byID   map[string]*Playing
	order  []*Playing
}

func newStage(s *Server) *stage { return &stage{server: s, byID: map[string]*Playing{}} }

// enter adds a conversation. Beyond the limit it forgets the oldest ones that
// are over.
func (st *stage) enter(p *Playing) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.byID[p.id] != nil {
		return fmt.Errorf("genesystest: conversation %s has been played on this server already; give the story another ID", p.id)
	}
	st.byID[p.id] = p
	st.order = append(st.order, p)
	if keep := st.server.keep; len(st.order) > keep+keep/8 {
		excess := len(st.order) - keep
		st.order = slices.DeleteFunc(st.order, func(old *Playing) bool {
			if excess == 0 || !old.idle() {
				return false
			}
			excess--
			delete(st.byID, old.id)
			return true
		})
	}
	return nil
}

func (st *stage) find(id string) *Playing {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.byID[id]
}

// all returns the conversations in the order in which they began.
func (st *stage) all() []*Playing {
	st.mu.Lock()
	defer st.mu.Unlock()
	return slices.Clone(st.order)
}

package main

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// Case is a case of DCM.
type Case struct {
	ID     string
	Owner  string
	Caller string // the address that the case's customer calls from

	// Since is since when each of its conversations is the agent's who has it.
	Since map[string]time.Time
}

// Cases are the cases of DCM: a stand-in for its tables.
type Cases struct {
	mu   sync.Mutex
	list []*Case
}

func newCases(list ...*Case) *Cases { return &Cases{list: list} }

// ByCaller returns the id of the customer's case; empty when there is none. Whoever
// withholds the number is not the customer of a case that has none.
func (c *Cases) ByCaller(address string) string {
	if address == "" {
		return ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, x := range c.list {
		if x.Caller == address {
			return x.ID
		}
	}
	return ""
}

// SetOwner gives the case to the user who has the conversation since then, and reports
// whether that changed anything. What is heard late takes the case from nobody who has
// the conversation since a later time.
func (c *Cases) SetOwner(id, user, conversationID string, since time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, x := range c.list {
		if x.ID != id || since.Before(x.Since[conversationID]) {
			continue
		}
		if x.Since == nil {
			x.Since = map[string]time.Time{}
		}
		was := x.Owner
		x.Owner, x.Since[conversationID] = user, since
		return user != was
	}
	return false
}

// All returns copies of the cases.
func (c *Cases) All() []Case {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []Case
	for _, x := range c.list {
		one := *x
		one.Since = maps.Clone(x.Since)
		all = append(all, one)
	}
	return all
}

// User is a user of DCM.
type User struct {
	Name          string
	GenesysUserID string // set by an administrator; may be empty
	Email         string
}

// People maps Genesys's agents to DCM's users.
type People struct {
	Users []User
	// EmailOf asks Genesys for the e-mail address of one of its users.
	EmailOf func(ctx context.Context, genesysUserID string) (string, error)
}

// User returns the DCM user behind a Genesys user: the one with that Genesys
// user id, else the one with the same e-mail address, else false.
func (p *People) User(ctx context.Context, genesysUserID string) (User, bool, error) {
	if i := slices.IndexFunc(p.Users, func(u User) bool { return u.GenesysUserID == genesysUserID }); i >= 0 {
		return p.Users[i], true, nil
	}
	email, err := p.EmailOf(ctx, genesysUserID)
	if err != nil || email == "" {
		return User{}, false, err
	}
	i := slices.IndexFunc(p.Users, func(u User) bool { return u.Email == email })
	if i < 0 {
		return User{}, false, nil
	}
	return p.Users[i], true, nil
}

package genesystest

import (
	"time"

	"github.com/gorilla/websocket"
)

// SilenceSockets makes all open sockets say nothing any more, neither messages
// nor heartbeats nor answers to pings, while their connections stay open. A new
// socket works. It returns how many there were.
func (f *Faults) SilenceSockets() int {
	sockets := f.server.channels.sockets()
	for _, so := range sockets {
		so.silent.Store(true)
	}
	return len(sockets)
}

// CutSockets ends all open sockets without a closing frame. It returns how many
// there were.
func (f *Faults) CutSockets() int {
	sockets := f.server.channels.sockets()
	for _, so := range sockets {
		so.cut()
	}
	return len(sockets)
}

// CloseSockets closes all open sockets with a closing frame, for example with
// code 1001. It returns how many there were.
func (f *Faults) CloseSockets(code int, reason string) int {
	sockets := f.server.channels.sockets()
	for _, so := range sockets {
		so.end(code, reason)
	}
	return len(sockets)
}

// AnnounceClosing sends v2.system.socket_closing on all open sockets and closes
// those that are still open after the notice: the platform gives about a
// minute. Messages go on until then. It returns how many sockets there were.
func (f *Faults) AnnounceClosing(notice time.Duration) int {
	sockets := f.server.channels.sockets()
	for _, so := range sockets {
		so.say(systemFrame(topicSocketClosing, Object{"channelId": so.channel.id, "message": "Your connection will be closed soon. Please reconnect."}))
	}
	f.server.goes(func() {
		if wait(f.server.ctx, notice) == nil {
			for _, so := range sockets {
				so.end(websocket.CloseGoingAway, "maintenance")
			}
		}
	})
	return len(sockets)
}

// DeafenChannels makes all channels that exist tell of nothing any more, while
// their sockets stay open, heartbeats come, and subscriptions are accepted
// (protocol 2.9). New channels tell. It returns how many there were.
func (f *Faults) DeafenChannels() int {
	return f.eachChannel(func(ch *channel) { ch.deaf = true })
}

// ChannelPool lets only so many channels of a client tell of anything: one that
// is created while there are as many is deaf, as DeafenChannels makes it.
// Whether that is how the platform's pool works is not known. Zero is no limit.
func (f *Faults) ChannelPool(channels int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pool = channels
}

// poolIsUsedUp reports whether a channel beside so many others is deaf.
func (f *Faults) poolIsUsedUp(others int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pool > 0 && others >= f.pool
}

// EvictChannels removes all channels silently; open sockets are closed, and a
// channel's id is unknown from then on. It returns how many there were.
func (f *Faults) EvictChannels() int {
	return f.eachChannel(func(ch *channel) { f.server.channels.drop(ch) })
}

// ExpireChannels makes all channels expire now. It returns how many there were.
func (f *Faults) ExpireChannels() int {
	return f.eachChannel(func(ch *channel) {
		ch.expires = time.Now()
		if ch.socket != nil {
			ch.socket.wakeUp()
		}
	})
}

func (f *Faults) eachChannel(do func(*channel)) int {
	cs := f.server.channels
	cs.mu.Lock()
	defer cs.mu.Unlock()
	all := cs.sorted()
	for _, ch := range all {
		do(ch)
	}
	return len(all)
}

// RevokeTokens makes all access tokens invalid. With announce, open sockets are
// told so by a system message and then closed. It returns how many tokens there
// were.
func (f *Faults) RevokeTokens(announce bool) int {
	n := f.server.tokens.revoke()
	if announce {
		for _, so := range f.server.channels.sockets() {
			so.say(systemFrame("v2.system.token_revoked."+so.channel.id, Object{"channelId": so.channel.id, "systemTopicType": "token_revoked",
				"oauthClientId": so.channel.owner.client, "reason": "user_tokens_revoked", "message": "The token was revoked."}))
			so.end(websocket.CloseNormalClosure, "token revoked")
		}
	}
	return n
}

package inspector

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/dcmkit/convtrack"
	"github.com/dcmkit/convtrack/store"
)

// failedPage is what failed: how much of each hook, and the oldest of it.
type failedPage struct {
	Hooks []convtrack.FailedHealth `json:"hooks"` // as far as it was counted: up to 1000
	Items []failedItem             `json:"items"`
	Next  string                   `json:"next,omitzero"`

	Hook    string   `json:"-"` // the one that is selected
	Type    string   `json:"-"`
	Decided *decided `json:"-"` // what has just been done
}

func (failedPage) moves() time.Duration { return 0 }

// failedItem is a delivery that an After hook failed, or a change that a Before
// hook refused.
type failedItem struct {
	ID             string           `json:"id"`
	Kind           store.FailedKind `json:"kind"`
	Hook           string           `json:"hook"`
	ConversationID string           `json:"conversationId"`
	Type           string           `json:"type"` // of the event
	EventID        string           `json:"eventId,omitzero"`
	Attempts       int              `json:"attempts"`
	Error          string           `json:"error"`
	Stack          string           `json:"stack,omitzero"`
	At             time.Time        `json:"at,omitzero"`
	Since          time.Time        `json:"since,omitzero"`
	// Next is when it is tried again by itself; zero when somebody has to decide.
	Next time.Time `json:"next,omitzero"`
}

func (v viewer) failedItem(i store.FailedItem) failedItem {
	return failedItem{
		ID: i.ID, Kind: i.Kind, Hook: i.Hook, ConversationID: i.ConversationID, Type: cmp.Or(i.Event.Type, i.Type), EventID: i.EventID,
		Attempts: i.Attempts, Error: v.personal(i.Error), Stack: v.personal(i.Stack), At: i.At, Since: i.Since, Next: i.Next,
	}
}

func (h *Handler) showFailed(ctx context.Context, see viewer, params url.Values) (shown, error) {
	p := failedPage{Items: []failedItem{}, Hook: params.Get("hook"), Type: params.Get("type"), Decided: readDecided(params)}
	p.Hooks = h.health.now(ctx).Failed
	page, err := h.tracker.FailedPage(ctx, store.FailedQuery{Hook: p.Hook, Type: p.Type, Limit: pageSize, After: params.Get("after")})
	if err != nil {
		return nil, err
	}
	for _, item := range page.Items {
		p.Items = append(p.Items, see.failedItem(item))
	}
	p.Next = page.Next
	return p, nil
}

// NextPage are the parameters of the next page.
func (p failedPage) NextPage() string {
	return "?" + url.Values{"after": {p.Next}, "hook": {p.Hook}, "type": {p.Type}}.Encode()
}

// decided is what was decided.
type decided struct {
	Do string `json:"decision"`
	N  int    `json:"items"`
	// Again says that a Before hook has refused a change again.
	Again bool `json:"refusedAgain,omitzero"`
}

// readDecided reads what the page is to say, which everybody can write into an
// address: it says no more than a word and a number.
func readDecided(params url.Values) *decided {
	n, err := strconv.Atoi(params.Get("items"))
	if do := params.Get("decision"); err == nil && n >= 0 && (do == "retry" || do == "skip") {
		return &decided{do, n, params.Get("again") != ""}
	}
	return nil
}

const (
	mostForm   = 1 << 20
	decideTime = time.Minute
)

// decide retries or skips: items by their ids, or all of a hook.
func (h *Handler) decide(w http.ResponseWriter, r *http.Request, see viewer, asJSON bool) {
	switch {
	case !see.mayDecide():
		h.refuse(w, r, see, http.StatusForbidden, "You may look, and not decide.")
		return
	case see.Actor == "":
		h.refuse(w, r, see, http.StatusForbidden, "Nobody can decide without a name: the host says who you are in Access.Actor.")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, mostForm)
	switch err := r.ParseForm(); {
	case err != nil:
		h.refuse(w, r, see, http.StatusBadRequest, "The form cannot be read.")
		return
	case !h.wanted(r, see.Actor):
		h.refuse(w, r, see, http.StatusForbidden, "This did not come from your own page, or the page was open for a day. Go back, load it again and decide there.")
		return
	}
	did, err := h.carryOut(convtrack.WithActor(r.Context(), see.Actor), r.PostForm)
	switch {
	case err != nil:
		status, why := h.explain(err)
		if did.N > 0 {
			why = fmt.Sprintf("It stopped half-way: %d %s decided, the others were not. %s", did.N, plural(did.N, "was", "were"), why)
		}
		h.refuse(w, r, see, status, why)
	case asJSON:
		answer(w, http.StatusOK, did)
	default:
		params := url.Values{"decision": {did.Do}, "items": {strconv.Itoa(did.N)}}
		if did.Again {
			params.Set("again", "1")
		}
		if hook := r.PostForm.Get("hook"); hook != "" && r.PostForm.Get("all") == "" {
			params.Set("hook", hook)
		}
		w.Header().Set("Location", "failed?"+params.Encode()) // relative, under whatever prefix
		w.WriteHeader(http.StatusSeeOther)
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func (h *Handler) carryOut(ctx context.Context, form url.Values) (did decided, err error) {
	ctx, cancel := context.WithTimeout(ctx, decideTime)
	defer cancel()
	did.Do = form.Get("do")
	some, all := h.tracker.Retry, h.tracker.RetryAll
	switch did.Do {
	case "retry":
	case "skip":
		some, all = h.tracker.Skip, h.tracker.SkipAll
	default:
		return did, badRequest("Nothing was decided: it is retry or skip.")
	}
	ids, hook := form["id"], form.Get("hook")
	switch {
	case form.Get("all") != "" && hook != "":
		did.N, err = all(ctx, store.FailedQuery{Hook: hook})
	case form.Get("all") != "":
		return did, badRequest("Nothing was decided: all needs the name of a hook.")
	case len(ids) == 0:
		return did, badRequest("Nothing was chosen. Go back and tick what it is about.")
	default:
		did.N, err = some(ctx, ids...)
	}
	if isHookError(err) {
		did.Again, err = true, nil
	}
	h.health.forget()
	return did, err
}

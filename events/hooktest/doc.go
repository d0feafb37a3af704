// Package hooktest tests hooks in a few lines, without a Genesys organisation, a
// database or a clock: it plays a story or a scenario of genesystest to a tracker
// with the hooks, over any way of hearing it, and says what became of it.
//
//	func TestAVIPWhoWaitsIsEscalated(t *testing.T) {
//		hooktest.OverEachForm(t, func(t *testing.T, form hooktest.Form) {
//			story := genesystest.NewStory("c-1")
//			story.Customer("caller", 0).Ends(3*time.Minute, "endpoint")
//			story.Queue("vip", time.Second, "q-vip").Ends(3*time.Minute, "peer")
//			hooks, cases := events.NewHooks(), &Cases{}
//			Register(hooks, cases)
//			got := hooktest.Play(t, hooks, story, form)
//			require.Empty(t, got.Failed)
//			require.Equal(t, []string{"c-1"}, cases.Escalated)
//		})
//	}
//
// Time is virtual: the clock shows the times of the story, each message is heard
// when it would be, and a day passes after it, so that conclusions settle, facts
// that lie ahead come, and hooks that fail are tried again until they fail for
// good. It takes milliseconds. What happens after the end (surveys, evaluations)
// is read from the record, as polling does, over every form.
//
// With [On] the hooks run on a real store, to test what they write with it. Then
// the clock is the real one, all messages are heard at once, and a hook that
// fails is not waited for.
package hooktest

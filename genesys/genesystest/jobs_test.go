package genesystest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/genesys/genesystest"
)

const jobsPath = detailsPath + "/jobs"

// job runs a job and returns its path.
func (c *client) job(q object) string {
	c.t.Helper()
	path := jobsPath + "/" + c.do(http.MethodPost, jobsPath, q, http.StatusAccepted).object(c.t)["jobId"].(string)
	for {
		r, err := c.try(c.t.Context(), http.MethodGet, path, nil)
		require.NoError(c.t, err)
		if r.status == http.StatusOK {
			require.Equal(c.t, "FULFILLED", r.object(c.t)["state"])
			return path
		}
		require.Equal(c.t, http.StatusAccepted, r.status)
		time.Sleep(time.Second)
	}
}

func TestAJobIsPolledUntilItIsFulfilled(t *testing.T) {
	virtual(t, func(t *testing.T, _ *genesystest.Server, c *client) {
		path := jobsPath + "/" + c.do(http.MethodPost, jobsPath, object{"interval": days(0, 1)}, http.StatusAccepted).object(t)["jobId"].(string)
		state := func(status int) any { return c.do(http.MethodGet, path, nil, status).object(t)["state"] }
		require.Equal(t, "QUEUED", state(http.StatusAccepted))
		time.Sleep(6 * time.Second)
		require.Equal(t, "PENDING", state(http.StatusAccepted))
		c.refused(http.MethodGet, path+"/results", nil, http.StatusBadRequest, "bad.request")
		time.Sleep(4 * time.Second)
		require.Equal(t, "FULFILLED", state(http.StatusOK))
		require.Empty(t, c.get(path + "/results?pageSize=0")["conversations"])
		c.do(http.MethodDelete, path, nil, http.StatusNoContent)
		c.refused(http.MethodGet, path, nil, http.StatusNotFound, "not.found")
		c.refused(http.MethodDelete, path, nil, http.StatusNotFound, "not.found")
		c.refused(http.MethodGet, path+"/results", nil, http.StatusNotFound, "not.found")
	}, genesystest.JobTime(10*time.Second))
}

func TestAJobFindsByActivityAndIsReadByCursor(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		time.Sleep(23*time.Hour + 58*time.Minute)
		ids := playMany(s, 5)
		time.Sleep(time.Hour)
		c.login()
		path := c.job(object{"interval": days(0, 1)})
		var read []string
		for cursor := ""; ; {
			o := c.get(path + "/results?pageSize=2&cursor=" + cursor)
			read = append(read, idsOf(o)...)
			if o["cursor"] == nil {
				break
			}
			cursor = o["cursor"].(string)
		}
		require.ElementsMatch(t, ids, read, "they began yesterday, and were active today")
		require.Empty(t, idsOf(c.get(c.job(object{"interval": days(0, 1), "startOfDayIntervalMatching": true})+"/results")))
		require.Len(t, idsOf(c.get(c.job(object{"interval": days(0, 1), "limit": 3})+"/results")), 3)
		require.Empty(t, idsOf(c.get(c.job(object{"interval": days(1, 2)})+"/results")))
		c.refused(http.MethodGet, path+"/results?cursor=x", nil, http.StatusBadRequest, "bad.request")
	})
}

func TestOnlyJobsGiveAttributes(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		story := transfer()
		story.Attributes = []genesystest.Attribute{{At: time.Second, Participant: "p-cust", Values: map[string]string{"case": "4711"}}}
		require.NoError(t, s.Play(story).Wait(t.Context()))
		require.NotContains(t, string(c.do(http.MethodGet, detailsPath+"?id="+transferID, nil, http.StatusOK).body), "4711")
		results := c.get(c.job(object{"interval": days(0, 1)}) + "/results")
		customer := results["conversations"].([]any)[0].(object)["participants"].([]any)[0].(object)
		require.Equal(t, object{"case": "4711"}, customer["attributes"])
	})
}

func TestJobsKnowNothingAfterTheirAvailabilityDate(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		s.Play(transfer())
		time.Sleep(10 * time.Minute)
		available, err := time.Parse(time.RFC3339, c.get(jobsPath + "/availability")["dataAvailabilityDate"].(string))
		require.NoError(t, err)
		require.Equal(t, time.Hour, time.Since(available))
		require.Empty(t, idsOf(c.get(c.job(object{"interval": days(0, 1)})+"/results")))
		time.Sleep(time.Hour)
		results := c.get(c.job(object{"interval": days(0, 1)}) + "/results")
		require.Equal(t, []string{transferID}, idsOf(results))
		require.NotEmpty(t, results["dataAvailabilityDate"])
	}, genesystest.DataLakeLag(time.Hour))
}

func TestAJobFailsWhenToldSo(t *testing.T) {
	virtual(t, func(t *testing.T, s *genesystest.Server, c *client) {
		s.Faults().FailJobs(1)
		path := jobsPath + "/" + c.do(http.MethodPost, jobsPath, object{"interval": days(0, 1)}, http.StatusAccepted).object(t)["jobId"].(string)
		time.Sleep(time.Second)
		require.Equal(t, "FAILED", c.get(path)["state"])
		c.job(object{"interval": days(0, 1)})
	})
}

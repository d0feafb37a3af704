package storetest

import (
	"maps"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dcmkit/convtrack/conversation"
)

func TestTwoAreAlikeJustWhenTheirLeavesAreTheSame(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2)).IntN
	same := 0
	for range 2000 {
		var pair [2]*conversation.Session
		for i := range pair {
			pair[i] = anySession(func(n int) int { return random(min(n, 2)) / (1 + random(2)) }, func(v ...string) string { return v[random(2)] }, "p")
			if random(2) == 0 {
				pair[i].Segments, pair[i].Metrics = nil, []conversation.Metric{}
			}
		}
		sameLeaves := maps.Equal(leaves(pair[0]), leaves(pair[1]))
		require.Equal(t, sameLeaves, alike(reflect.ValueOf(pair[0]), reflect.ValueOf(pair[1])), "%+v\n%+v", pair[0], pair[1])
		if sameLeaves {
			same++
		}
	}
	require.NotZero(t, same)
}

func TestWhatDiffersInOneFieldIsNotAlike(t *testing.T) {
	by := by(conversation.SourceREST, at(50))
	mine, other := filled(t, "c", 1, by), filled(t, "c", 1, by)
	fields := 0
	var each func(v reflect.Value, path string)
	each = func(v reflect.Value, path string) {
		was := reflect.New(v.Type()).Elem()
		was.Set(v)
		if v.SetZero(); alike(reflect.ValueOf(mine), reflect.ValueOf(other)) {
			require.Equal(t, leaves(mine), leaves(other), path)
		} else {
			fields++
		}
		v.Set(was)
		require.True(t, alike(reflect.ValueOf(mine), reflect.ValueOf(other)), path)
		switch v.Kind() {
		case reflect.Pointer:
			each(v.Elem(), path)
		case reflect.Slice:
			for i := range v.Len() {
				each(v.Index(i), path+"[]")
			}
		case reflect.Struct:
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() {
					each(v.Field(i), path+"."+v.Type().Field(i).Name)
				}
			}
		}
	}
	each(reflect.ValueOf(other).Elem(), "c")
	require.Greater(t, fields, 200)
}

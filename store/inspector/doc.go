// Package inspector shows what a tracker knows, how it does and what failed: a few
// pages for the people who run it, and the same as JSON.
package inspector

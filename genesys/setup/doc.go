// Package setup writes what an administrator imports so that Genesys Cloud, and
// Amazon EventBridge, tell a backend of conversations: a data action, workflows
// and triggers, steps for flows of calls and messages, client apps, OAuth
// clients and roles, an event bus with its queues; as files for Terraform,
// CloudFormation, Archy and the import of the user interface, with the table of
// the permissions that are needed and a README for those who click.
//
//	files, err := setup.Files(setup.Config{
//		Region:      region,
//		BaseURL:     "https://dcm.example.com",
//		EventBridge: &setup.EventBridge{AccountID: "123456789012", Region: "eu-central-1", Queue: true},
//	})
//
// The same configuration gives the same bytes. No file holds a secret, and the
// configuration has no place for one: secrets are given to Terraform and
// CloudFormation when they are applied.
//
// The facts about Genesys are those of its SDK, of its Terraform provider's
// documentation and of flows that Genesys published. Nothing here was applied to
// an organisation of Genesys Cloud; what is not known is listed in the README
// that is written.
package setup

package setup

import "strings"

// A Permission is a right in Genesys Cloud that something needs which is
// switched on. The names are those of swagger.json of the SDK and of the
// Terraform provider's documentation.
type Permission struct {
	Name string // "conversation:communication:view"
	Who  Who
	For  string // what it is needed for
}

// Who needs a permission.
type Who string

// Who needs permissions.
const (
	Backend   Who = "backend"   // the backend's OAuth client
	Agent     Who = "agent"     // who uses the client app
	Installer Who = "installer" // the user or OAuth client that sets things up
)

// Permissions lists what is needed for exactly what the configuration switches
// on, sorted by who needs it.
func Permissions(c Config) []Permission {
	p := permissions{}
	p.add(Backend, "read conversations", "conversation:communication:view")
	p.add(Backend, "read conversations that have ended, and repair gaps", "analytics:conversationDetail:view")
	p.add(Backend, "find the queues to follow", "routing:queue:view")
	if c.Users {
		p.add(Backend, "find the users to follow", "directory:user:view")
	}
	if c.Quality {
		p.add(Backend, "read evaluations", "quality:evaluation:view")
		p.add(Backend, "read surveys", "quality:survey:view")
	}
	if c.LaunchFlows {
		p.add(Backend, "run workflows", "architect:flow:launch")
		p.add(Backend, "read how workflows ended", "architect:flowExecution:view")
	}
	if c.ClientApp != nil {
		p.add(Agent, "show the agent who takes part in the conversation; without it, where taking part in it does not suffice, the page shows the case alone", "conversation:communication:view")
	}
	p.installer(c)
	return p
}

type permissions []Permission

func (p *permissions) add(who Who, what string, names ...string) {
	for _, name := range names {
		*p = append(*p, Permission{Name: name, Who: who, For: what})
	}
}

func (p *permissions) installer(c Config) {
	p.add(Installer, "create the role of the backend", all("authorization:role", "add", "edit", "view", "delete")...)
	p.add(Installer, "give the role to the OAuth client", all("authorization:grant", "add", "view")...)
	p.add(Installer, "create OAuth clients", all("oauth:client", "add", "edit", "view", "delete")...)
	if c.DataAction != nil || c.EventBridge != nil || c.ClientApp != nil {
		p.add(Installer, "create integrations and their credentials", all("integrations:integration", "add", "edit", "view", "delete")...)
	}
	if c.DataAction == nil {
		return
	}
	p.add(Installer, "create the data action", all("integrations:action", "add", "edit", "view", "delete")...)
	p.add(Installer, "test the data action", "integrations:action:execute")
	p.add(Installer, "create the data action with Terraform", "bridge:actions:view", "integrations:actionFunction:view", "integrations:actionFunction:edit")
	if len(c.DataAction.Triggers) == 0 && !c.DataAction.Heartbeat {
		return
	}
	p.add(Installer, "publish workflows", "architect:job:create", "architect:job:view", "architect:flow:search", "architect:flow:view", "architect:flow:delete")
	p.add(Installer, "publish workflows; which of its rights suffice is not known", "architect:flow:*")
	p.add(Installer, "publish workflows with Terraform", all("architect:flowLogLevel", "add", "edit", "view", "delete")...)
	p.add(Installer, "create and test triggers", all("processautomation:trigger", "add", "edit", "view", "delete", "test")...)
}

func all(entity string, actions ...string) []string {
	var names []string
	for _, action := range actions {
		names = append(names, entity+":"+action)
	}
	return names
}

// policy is a permission in the three parts that a role consists of.
type policy struct{ Domain, Entity, Action string }

// Policies are the permissions of the backend's role.
func (p *plan) Policies() []policy {
	var list []policy
	for _, permission := range p.Permissions {
		if permission.Who == Backend {
			parts := strings.SplitN(permission.Name, ":", 3)
			list = append(list, policy{parts[0], parts[1], parts[2]})
		}
	}
	return list
}

# DCM in Genesys Cloud. Set GENESYSCLOUD_OAUTHCLIENT_ID,
# GENESYSCLOUD_OAUTHCLIENT_SECRET and GENESYSCLOUD_REGION (eu-central-1), then run
#   terraform init
#   terraform apply
terraform {
  required_providers {
    genesyscloud = { source = "mypurecloud/genesyscloud" }
  }
}

provider "genesyscloud" {}

data "genesyscloud_organizations_me" "org" {}

output "organization_id" {
  value = data.genesyscloud_organizations_me.org.id
}

# What the backend may read, and nothing else.
resource "genesyscloud_auth_role" "backend" {
  name        = "DCM conversation tracker"
  description = "What the backend of DCM reads"

  permission_policies {
    domain      = "conversation"
    entity_name = "communication"
    action_set  = ["view"]
  }

  permission_policies {
    domain      = "analytics"
    entity_name = "conversationDetail"
    action_set  = ["view"]
  }

  permission_policies {
    domain      = "routing"
    entity_name = "queue"
    action_set  = ["view"]
  }

  permission_policies {
    domain      = "directory"
    entity_name = "user"
    action_set  = ["view"]
  }

  permission_policies {
    domain      = "quality"
    entity_name = "evaluation"
    action_set  = ["view"]
  }

  permission_policies {
    domain      = "quality"
    entity_name = "survey"
    action_set  = ["view"]
  }

  permission_policies {
    domain      = "architect"
    entity_name = "flow"
    action_set  = ["launch"]
  }

  permission_policies {
    domain      = "architect"
    entity_name = "flowExecution"
    action_set  = ["view"]
  }
}

# The OAuth client that applies this must have the role itself before it can
# give it: apply the role first, assign it, then apply the rest (README.md).
# A role covers the conversations of its divisions; * is all of them. The secret
# is not put into the state: read it in Genesys Cloud.
resource "genesyscloud_oauth_client" "backend" {
  name                          = "DCM backend"
  description                   = "Reads conversations for DCM"
  authorized_grant_type         = "CLIENT-CREDENTIALS"
  access_token_validity_seconds = 86400

  roles {
    role_id     = genesyscloud_auth_role.backend.id
    division_id = "*"
  }
}

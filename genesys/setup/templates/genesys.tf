# [[.Name]] in Genesys Cloud. Set GENESYSCLOUD_OAUTHCLIENT_ID,
# GENESYSCLOUD_OAUTHCLIENT_SECRET and GENESYSCLOUD_REGION[[if .ProviderRegion]] ([[.ProviderRegion]])[[end]], then run
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
  name        = [[hcl (print .Name " conversation tracker")]]
  description = [[hcl (print "What the backend of " .Name " reads")]]
[[range .Policies]]
  permission_policies {
    domain      = [[hcl .Domain]]
    entity_name = [[hcl .Entity]]
    action_set  = [[print "[" (hcl .Action) "]"]]
  }
[[end]]}

# The OAuth client that applies this must have the role itself before it can
# give it: apply the role first, assign it, then apply the rest (README.md).
# A role covers the conversations of its divisions; * is all of them. The secret
# is not put into the state: read it in Genesys Cloud.
resource "genesyscloud_oauth_client" "backend" {
  name                          = [[hcl (print .Name " backend")]]
  description                   = [[hcl (print "Reads conversations for " .Name)]]
  authorized_grant_type         = "CLIENT-CREDENTIALS"
  access_token_validity_seconds = 86400

  roles {
    role_id     = genesyscloud_auth_role.backend.id
    division_id = "*"
  }
}

# The page in the agent's desktop: its login (authorization code with PKCE, so
# there is no secret) and where it is shown.
resource "genesyscloud_oauth_client" "client_app" {
  name                          = [[hcl (print .Name " client app")]]
  description                   = [[hcl (print "Login of the page of " .Name " in the agent's desktop")]]
  authorized_grant_type         = "CODE"
  access_token_validity_seconds = 3600
  registered_redirect_uris      = [[print "[" (hcl .AppURL) "]"]]
  scopes                        = ["conversations:readonly", "notifications", "user-basic-info", "users:readonly"]
}

output "client_app_id" {
  value = genesyscloud_oauth_client.client_app.id
}
[[- if .App.Widget]]

locals {
  widget = jsondecode(file("${path.module}/integrations/client-app-widget.json"))
}

resource "genesyscloud_integration" "client_app_widget" {
  integration_type = local.widget.integrationType
  intended_state   = "ENABLED"

  config {
    name       = local.widget.name
    properties = jsonencode(local.widget.properties)
    advanced   = jsonencode(local.widget.advanced)
  }
}
[[- end]]
[[- if .App.Standalone]]

locals {
  standalone = jsondecode(file("${path.module}/integrations/client-app-standalone.json"))
}

resource "genesyscloud_integration" "client_app_standalone" {
  integration_type = local.standalone.integrationType
  intended_state   = "ENABLED"

  config {
    name       = local.standalone.name
    properties = jsonencode(local.standalone.properties)
    advanced   = jsonencode(local.standalone.advanced)
  }
}
[[- end]]

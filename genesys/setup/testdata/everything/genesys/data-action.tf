# The data action. Its request and contract are read from the file that the user
# interface imports, so that both are the same.
variable "dcm_token" {
  description = "The token that Genesys shows to the backend: at least 256 random bits, as from: openssl rand -base64 33"
  type        = string
  sensitive   = true

  validation {
    condition     = length(var.dcm_token) >= 43
    error_message = "Use at least 43 characters, as from: openssl rand -base64 33."
  }
}

locals {
  action = jsondecode(file("${path.module}/dcm-report-update.custom.json"))
}

resource "genesyscloud_integration_credential" "dcm" {
  name                 = "DCM token"
  credential_type_name = "userDefined"
  fields               = { dcmToken = var.dcm_token }
}

resource "genesyscloud_integration" "data_actions" {
  integration_type = local.action.integrationType
  intended_state   = "ENABLED"

  config {
    name        = "DCM data actions"
    properties  = jsonencode({})
    advanced    = jsonencode({})
    credentials = { basicAuth = genesyscloud_integration_credential.dcm.id }
  }
}

# The contract of a published action cannot be changed: a change replaces it.
resource "genesyscloud_integration_action" "report" {
  name                   = local.action.name
  category               = "DCM data actions"
  integration_id         = genesyscloud_integration.data_actions.id
  secure                 = local.action.secure
  config_timeout_seconds = 5
  contract_input         = jsonencode(local.action.contract.input.inputSchema)
  contract_output        = jsonencode(local.action.contract.output.successSchema)

  config_request {
    request_url_template = local.action.config.request.requestUrlTemplate
    request_type         = local.action.config.request.requestType
    headers              = local.action.config.request.headers
    request_template     = local.action.config.request.requestTemplate
  }

  config_response {
    success_template = local.action.config.response.successTemplate
  }
}

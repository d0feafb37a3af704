# The integration that sends events to AWS. When it is enabled the event source
# appears in the AWS account; apply the files in ../aws within two weeks, or AWS
# deletes the source.
locals {
  eventbridge = jsondecode(file("${path.module}/integrations/eventbridge.json"))
}

resource "genesyscloud_integration" "eventbridge" {
  integration_type = local.eventbridge.integrationType
  intended_state   = "ENABLED"

  config {
    name       = local.eventbridge.name
    properties = jsonencode(local.eventbridge.properties)
    advanced   = jsonencode(local.eventbridge.advanced)
  }
}

output "event_bus_name" {
  value = "aws.partner/genesys.com/cloud/${data.genesyscloud_organizations_me.org.id}/${local.eventbridge.properties.eventSourceSuffix}"
}

# One published workflow and one trigger for each topic: an event does not name
# its topic, and not all starts of workflows may have the same target.
locals {
  triggers = {
    for name in [
[[- range .Triggers]]
      [[hcl .Slug]],
[[- end]]
    ] : name => jsondecode(file("${path.module}/triggers/${name}.json"))
  }
}

resource "genesyscloud_flow" "report" {
  for_each   = local.triggers
  filepath   = "${path.module}/flows/${each.key}.yaml"
  depends_on = [genesyscloud_integration_action.report]
}

resource "genesyscloud_processautomation_trigger" "report" {
  for_each          = local.triggers
  name              = each.value.name
  description       = each.value.description
  topic_name        = each.value.topicName
  event_ttl_seconds = each.value.eventTTLSeconds
  enabled           = each.value.enabled

  target {
    id   = genesyscloud_flow.report[each.key].id
    type = each.value.target.type

    workflow_target_settings {
      data_format = each.value.target.workflowTargetSettings.dataFormat
    }
  }
}

# The workflow of the heartbeat. Its scheduled trigger is made by hand (README.md).
resource "genesyscloud_flow" "heartbeat" {
  filepath   = "${path.module}/flows/heartbeat.yaml"
  depends_on = [genesyscloud_integration_action.report]
}

# The events of Genesys Cloud in AWS. Apply ../genesys first: the event source
# exists only when the integration is enabled.
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 5.0" }
  }
}

provider "aws" {
  region              = [[hcl .Events.Region]]
  allowed_account_ids = [[print "[" (hcl .Events.AccountID) "]"]]
}

variable "genesys_organization_id" {
  description = "The output organization_id of ../genesys"
  type        = string
[[- if .OrganizationID]]
  default     = [[hcl .OrganizationID]]
[[- end]]
}

variable "alarm_topic_arn" {
  description = "The SNS topic that is told when events are left behind; without it the alarms are only seen"
  type        = string
  default     = ""
}

locals {
  bus_name      = "aws.partner/genesys.com/cloud/${var.genesys_organization_id}/[[.Events.Suffix]]"
  alarm_actions = var.alarm_topic_arn == "" ? [] : [var.alarm_topic_arn]
}

# If somebody has associated the source in the console, import the bus that this
# made; it cannot be created again:
#   terraform import aws_cloudwatch_event_bus.genesys aws.partner/genesys.com/cloud/ORGANIZATION/[[.Events.Suffix]]
# Without the bus AWS takes the events and drops them, and nobody gets an error;
# hence it is not destroyed by accident.
resource "aws_cloudwatch_event_bus" "genesys" {
  name              = local.bus_name
  event_source_name = local.bus_name

  lifecycle {
    prevent_destroy = true
  }
}

# Which topics come at all, the filter of the integration decides.
resource "aws_cloudwatch_event_rule" "conversations" {
  name           = "[[.AWSName]]-genesys-conversations"
  event_bus_name = aws_cloudwatch_event_bus.genesys.name
  event_pattern = jsonencode({
    source = [local.bus_name]
    "detail-type" = [
[[- range .Prefixes]]
      { prefix = [[hcl .]] },
[[- end]]
    ]
  })
}

# Events that could not be delivered for a day.
resource "aws_sqs_queue" "undelivered" {
  name                      = "[[.AWSName]]-genesys-undelivered"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_cloudwatch_metric_alarm" "undelivered" {
  alarm_name          = "${aws_sqs_queue.undelivered.name}-not-empty"
  alarm_description   = "These events of Genesys Cloud could not be delivered; they are deleted after 14 days"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.undelivered.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
}

data "aws_iam_policy_document" "to_undelivered" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.undelivered.arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_cloudwatch_event_rule.conversations.arn]
    }
  }
}

resource "aws_sqs_queue_policy" "undelivered" {
  queue_url = aws_sqs_queue.undelivered.id
  policy    = data.aws_iam_policy_document.to_undelivered.json
}

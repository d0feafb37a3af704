# The queue that the backend reads. It is a standard one: the rule would give all
# messages of a FIFO queue one group, so nothing would be gained.
resource "aws_sqs_queue" "events" {
  name                       = "dcm-genesys-events"
  receive_wait_time_seconds  = 20
  visibility_timeout_seconds = 60
  message_retention_seconds  = 1209600
  sqs_managed_sse_enabled    = true

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.poison.arn
    maxReceiveCount     = 16
  })
}

# Messages that the backend received sixteen times and never deleted. To try them
# again, start a redrive to their source queue.
resource "aws_sqs_queue" "poison" {
  name                      = "dcm-genesys-poison"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_cloudwatch_metric_alarm" "poison" {
  alarm_name          = "${aws_sqs_queue.poison.name}-not-empty"
  alarm_description   = "The backend did not take these events of Genesys Cloud; they are deleted after 14 days"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.poison.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
}

resource "aws_cloudwatch_event_target" "queue" {
  rule           = aws_cloudwatch_event_rule.conversations.name
  event_bus_name = aws_cloudwatch_event_bus.genesys.name
  target_id      = "dcm-queue"
  arn            = aws_sqs_queue.events.arn

  dead_letter_config {
    arn = aws_sqs_queue.undelivered.arn
  }

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }
}

data "aws_iam_policy_document" "to_events" {
  statement {
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.events.arn]

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

resource "aws_sqs_queue_policy" "events" {
  queue_url = aws_sqs_queue.events.id
  policy    = data.aws_iam_policy_document.to_events.json
}

# Attach this to the role that the backend runs with; it needs nothing else.
data "aws_iam_policy_document" "consumer" {
  statement {
    actions = [
      "sqs:ChangeMessageVisibility",
      "sqs:DeleteMessage",
      "sqs:GetQueueAttributes",
      "sqs:ReceiveMessage",
    ]
    resources = [aws_sqs_queue.events.arn]
  }

  # So that convtrackctl doctor can tell whether something is in it.
  statement {
    actions   = ["sqs:GetQueueAttributes"]
    resources = [aws_sqs_queue.poison.arn]
  }
}

resource "aws_iam_policy" "consumer" {
  name        = "dcm-genesys-consumer"
  description = "Reading the queue of events of Genesys Cloud"
  policy      = data.aws_iam_policy_document.consumer.json
}

output "queue_url" {
  value = aws_sqs_queue.events.id
}

output "consumer_policy_arn" {
  value = aws_iam_policy.consumer.arn
}

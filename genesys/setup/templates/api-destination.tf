# Events to the backend over HTTPS.
variable "dcm_ingest_token" {
  description = "The token that EventBridge shows to the backend: at least 256 random bits, as from: openssl rand -base64 33"
  type        = string
  sensitive   = true

  validation {
    condition     = length(var.dcm_ingest_token) >= 43
    error_message = "Use at least 43 characters, as from: openssl rand -base64 33."
  }
}

# With an API key a single 401 or 407 of the backend stops all deliveries until
# somebody updates the connection. The backend answers 403 to a wrong key. To
# rotate it, let the backend take both keys, apply, then drop the old one.
resource "aws_cloudwatch_event_connection" "backend" {
  name               = "[[.AWSName]]-ingest"
  authorization_type = "API_KEY"

  auth_parameters {
    api_key {
      key   = "X-Api-Key"
      value = var.dcm_ingest_token
    }
  }
}

resource "aws_cloudwatch_event_api_destination" "backend" {
  name                             = "[[.AWSName]]-ingest"
  invocation_endpoint              = [[hcl .IngestURL]]
  http_method                      = "POST"
  invocation_rate_limit_per_second = 100
  connection_arn                   = aws_cloudwatch_event_connection.backend.arn
}

resource "aws_iam_role" "invoke" {
  name = "[[.AWSName]]-genesys-invoke"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "events.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "invoke" {
  name = "invoke"
  role = aws_iam_role.invoke.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "events:InvokeApiDestination"
      Resource = aws_cloudwatch_event_api_destination.backend.arn
    }]
  })
}

resource "aws_cloudwatch_event_target" "backend" {
  rule           = aws_cloudwatch_event_rule.conversations.name
  event_bus_name = aws_cloudwatch_event_bus.genesys.name
  target_id      = "[[.AWSName]]-https"
  arn            = aws_cloudwatch_event_api_destination.backend.arn
  role_arn       = aws_iam_role.invoke.arn

  http_target {
    header_parameters = { "X-DCM-Source" = "eventbridge" }
  }

  dead_letter_config {
    arn = aws_sqs_queue.undelivered.arn
  }

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }
}

data "aws_region" "current" {}

locals {
  region   = data.aws_region.current.region
  runbooks = "docs/runbooks.md"
}

# deploy/cloudwatch/alarms.json. What only a Node-RED sends has no alarm without one: no data would look like a failure, or like health.
resource "aws_cloudwatch_metric_alarm" "pipeline" {
  for_each            = { for one in var.alarms : trimprefix(one.name, "ysh-") => one if var.nodered || !one.node_red }
  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  evaluation_periods  = each.value.evaluation_periods
  treat_missing_data  = each.value.treat_missing_data
  alarm_actions       = [for action in each.value.actions : replace(action, "$${sns_topic_arn}", var.topic_arn)]
  ok_actions          = [for action in each.value.ok_actions : replace(action, "$${sns_topic_arn}", var.topic_arn)]
  tags                = var.tags

  dynamic "metric_query" {
    for_each = each.value.queries
    content {
      id          = metric_query.value.id
      expression  = metric_query.value.expression
      label       = metric_query.value.label
      return_data = metric_query.value.return_data

      dynamic "metric" {
        for_each = metric_query.value.metric[*]
        content {
          namespace   = metric.value.namespace
          metric_name = metric.value.name
          dimensions  = { for name, value in metric.value.dimensions : name => replace(value, "$${pipeline}", var.pipeline) }
          period      = metric.value.period
          stat        = metric.value.stat
        }
      }
    }
  }
}

# More than one run in ten failed, of all state machines together.
resource "aws_cloudwatch_metric_alarm" "failure_rate" {
  alarm_name          = "${var.name}-executions-failure-rate"
  alarm_description   = "More than 10 % of the executions of a day failed. ${local.runbooks}#runs-fail"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 10
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]
  tags                = var.tags

  dynamic "metric_query" {
    for_each = module.board.outcomes
    content {
      id          = metric_query.key
      return_data = false

      metric {
        namespace   = "AWS/States"
        metric_name = metric_query.value.metric
        period      = 86400
        stat        = "Sum"
        dimensions  = { StateMachineArn = metric_query.value.machine }
      }
    }
  }

  metric_query {
    id          = "rate"
    label       = "failed, %"
    return_data = true
    expression  = module.board.failure_rate
  }
}

resource "aws_cloudwatch_metric_alarm" "silent" {
  for_each            = var.silent_hours
  alarm_name          = "${var.name}-${each.key}-silent"
  alarm_description   = "No run of ${each.key} ended well for ${each.value} hours. ${local.runbooks}#schedule-missed"
  namespace           = "AWS/States"
  metric_name         = "ExecutionsSucceeded"
  dimensions          = { StateMachineArn = var.state_machines[each.key] }
  statistic           = "Sum"
  period              = 3600
  evaluation_periods  = each.value
  datapoints_to_alarm = each.value
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "dead" {
  alarm_name          = "${var.name}-not-started"
  alarm_description   = "A schedule or an object could start nothing; the reason lies in the queue. ${local.runbooks}#dead-letters"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = var.dead_queue_name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "throttled" {
  alarm_name          = "${var.name}-throttled"
  alarm_description   = "Calls of steps were refused: more at once than the function may have. ${local.runbooks}#run-stuck"
  namespace           = "AWS/Lambda"
  metric_name         = "Throttles"
  dimensions          = { FunctionName = var.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]
  tags                = var.tags
}

# The function knows its own time only; API Gateway knows the caller's.
resource "aws_cloudwatch_metric_alarm" "latency" {
  count               = var.api_name == null ? 0 : 1
  alarm_name          = "${var.name}-gateway-latency"
  alarm_description   = "One answer of the data API in a hundred took more than 1,000 ms, for 15 minutes. ${local.runbooks}#api-slow"
  namespace           = "AWS/ApiGateway"
  metric_name         = "Latency"
  dimensions          = { ApiName = var.api_name }
  extended_statistic  = "p99"
  period              = 300
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 1000
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]
  tags                = var.tags
}

resource "aws_budgets_budget" "month" {
  count        = var.budget_dollars > 0 ? 1 : 0
  name         = "${var.name}-month"
  budget_type  = "COST"
  limit_amount = tostring(var.budget_dollars)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"
  tags         = var.tags

  dynamic "notification" {
    for_each = { ACTUAL = 80, FORECASTED = 100 }
    content {
      comparison_operator        = "GREATER_THAN"
      notification_type          = notification.key
      threshold                  = notification.value
      threshold_type             = "PERCENTAGE"
      subscriber_email_addresses = var.emails
    }
  }
}

# The bill, not our estimate: AWS compares each day with those before.
resource "aws_ce_anomaly_monitor" "services" {
  count             = var.anomaly_dollars > 0 ? 1 : 0
  name              = "${var.name}-services"
  monitor_type      = "DIMENSIONAL"
  monitor_dimension = "SERVICE"
  tags              = var.tags
}

resource "aws_ce_anomaly_subscription" "services" {
  count            = var.anomaly_dollars > 0 ? 1 : 0
  name             = "${var.name}-services"
  frequency        = "DAILY"
  monitor_arn_list = [aws_ce_anomaly_monitor.services[0].arn]
  tags             = var.tags

  dynamic "subscriber" {
    for_each = toset(var.emails)
    content {
      type    = "EMAIL"
      address = subscriber.value
    }
  }

  threshold_expression {
    dimension {
      key           = "ANOMALY_TOTAL_IMPACT_ABSOLUTE"
      match_options = ["GREATER_THAN_OR_EQUAL"]
      values        = [tostring(var.anomaly_dollars)]
    }
  }
}

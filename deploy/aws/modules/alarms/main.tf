data "aws_region" "current" {}

locals {
  region   = data.aws_region.current.region
  runbooks = "docs/runbooks.md"
}

# By Metrics Insights, so that an alarm sees a metric whatever its dimensions are. Billed by metric looked at, beyond ten that are free.
resource "aws_cloudwatch_metric_alarm" "pipeline" {
  for_each            = var.alarms
  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "${each.value.description} ${local.runbooks}#${each.value.runbook}"
  comparison_operator = each.value.above == null ? "LessThanThreshold" : "GreaterThanThreshold"
  threshold           = each.value.above == null ? each.value.below : each.value.above
  evaluation_periods  = each.value.periods
  treat_missing_data  = each.value.missing
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]
  tags                = var.tags

  metric_query {
    id          = "all"
    label       = each.value.metric
    period      = each.value.period
    return_data = true
    expression  = "SELECT ${each.value.aggregate}(\"${each.value.metric}\") FROM \"${var.namespace}\""
  }
}

# More than one run in ten failed, of all state machines together.
resource "aws_cloudwatch_metric_alarm" "failure_rate" {
  alarm_name          = "${var.name}-failure-rate"
  alarm_description   = "More than 10 % of the runs of a day failed. ${local.runbooks}#runs-fail"
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

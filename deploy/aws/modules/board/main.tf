# Without a provider, so that `terraform test` runs it anywhere: what the dashboard shows, and the arithmetic of the failure rate.

terraform {
  required_version = ">= 1.6"
}

locals {
  # A math expression takes ten metrics; five machines with a schedule or an event are the most that this watches together.
  watched = slice(sort(keys(var.state_machines)), 0, min(5, length(var.state_machines)))
  outcomes = merge([
    for at, name in local.watched : {
      "good${at}" = { metric = "ExecutionsSucceeded", machine = var.state_machines[name] }
      "bad${at}"  = { metric = "ExecutionsFailed", machine = var.state_machines[name] }
    }
  ]...)
  bad = join(" + ", [for at, name in local.watched : "FILL(bad${at}, 0)"])
  all = join(" + ", [for at, name in local.watched : "FILL(bad${at}, 0) + FILL(good${at}, 0)"])
}

locals {
  own = { for metric, label in {
    "pipeline.errors.count"    = "Errors"
    "pipeline.items.processed" = "Items, rows, documents, chunks"
    "pipeline.runs.failed"     = "Share of runs that failed"
    "dataset.check.age"        = "Age of data (s)"
    "api.requests.count"       = "Requests of the API"
    "api.latency.p99"          = "API, p99 (s)"
    "cost.dollars.day"         = "US$ of the last day"
    "process.memory.rss"       = "Memory (bytes)"
  } : metric => label }
  counted = ["pipeline.errors.count", "pipeline.items.processed", "api.requests.count"]
  machine_widgets = [
    {
      title = "Runs that ended well"
      metrics = [
        for name in local.watched :
        ["AWS/States", "ExecutionsSucceeded", "StateMachineArn", var.state_machines[name], { label = name }]
      ]
    },
    {
      title = "Runs that failed"
      metrics = [
        for name in local.watched :
        ["AWS/States", "ExecutionsFailed", "StateMachineArn", var.state_machines[name], { label = name }]
      ]
    },
    {
      title = "Steps: calls, errors, refused"
      metrics = [
        for metric in ["Invocations", "Errors", "Throttles"] : ["AWS/Lambda", metric, "FunctionName", var.function_name, { label = metric }]
      ]
    },
    {
      title   = "Not started"
      metrics = [["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", var.dead_queue_name, { stat = "Maximum" }]]
    },
  ]
  api_widgets = var.api_name == null ? [] : [{
    title   = "API Gateway: answers 4xx, 5xx"
    metrics = [for metric in ["4XXError", "5XXError"] : ["AWS/ApiGateway", metric, "ApiName", var.api_name, { label = metric }]]
  }]
  own_widgets = [for metric in sort(keys(local.own)) : {
    title = local.own[metric]
    metrics = [[{
      id         = "all"
      label      = metric
      expression = "SELECT ${contains(local.counted, metric) ? "SUM" : "MAX"}(\"${metric}\") FROM \"${var.namespace}\""
    }]]
  }]
}


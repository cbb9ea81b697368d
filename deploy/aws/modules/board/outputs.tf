output "body" {
  description = "The dashboard, as CloudWatch takes it."
  value = jsonencode({
    start = "-P3D"
    widgets = [
      for at, widget in concat(local.machine_widgets, local.api_widgets, local.own_widgets) : {
        type   = "metric"
        x      = (at % 3) * 8
        y      = floor(at / 3) * 6
        width  = 8
        height = 6
        properties = {
          title   = widget.title
          region  = var.region
          view    = "timeSeries"
          stat    = "Sum"
          period  = 300
          metrics = widget.metrics
        }
      }
    ]
  })
}

output "outcomes" {
  description = "Metrics of the failure rate, by their ids."
  value       = local.outcomes
}

output "failure_rate" {
  description = "Failed runs of all, in %."
  value       = "IF(${local.all} > 0, 100 * (${local.bad}) / (${local.all}), 0)"
}

variables {
  region          = "us-east-1"
  namespace       = "YSH/Pipeline"
  function_name   = "ysh-test-step"
  dead_queue_name = "ysh-test-dead"
  api_name        = null
  state_machines = {
    a = "arn:a"
    b = "arn:b"
    c = "arn:c"
    d = "arn:d"
    e = "arn:e"
    f = "arn:f"
  }
}

run "dashboard_and_failure_rate" {
  command = plan

  assert {
    condition     = length(output.outcomes) == 10
    error_message = "A math expression takes ten metrics."
  }

  assert {
    condition     = alltrue([for id in keys(output.outcomes) : length(regexall("FILL\\(${id}, 0\\)", output.failure_rate)) > 0])
    error_message = "A metric is not in the expression."
  }

  assert {
    condition     = length(jsondecode(output.body).widgets) == 12
    error_message = "The dashboard has another number of pictures."
  }

  assert {
    condition     = jsondecode(output.body).widgets[11].properties.metrics[0][0].expression == "SELECT MAX(\"process.memory.rss\") FROM \"YSH/Pipeline\""
    error_message = "The last picture asks for something else."
  }

  assert {
    condition     = length(distinct([for one in jsondecode(output.body).widgets : "${one.x}/${one.y}"])) == 12
    error_message = "Pictures lie on each other."
  }
}

run "with_an_api" {
  command = plan

  variables {
    api_name = "ysh-test-data"
  }

  assert {
    condition     = length(jsondecode(output.body).widgets) == 13
    error_message = "The API has no picture."
  }
}

# terraform test, in this folder, behind a compile into deploy/aws/generated; no provider is needed.

variables {
  generated         = "../../generated"
  step_function_arn = "arn:aws:lambda:us-east-1:111122223333:function:ysh-test-step:live"
  inbox             = "ysh-test-inbox-111122223333"
  state_machine_arns = {
    daily = "arn:aws:states:us-east-1:111122223333:stateMachine:ysh-test-daily"
    event = "arn:aws:states:us-east-1:111122223333:stateMachine:ysh-test-event"
  }
  role_arns = {
    scheduler = "arn:aws:iam::111122223333:role/ysh-test-scheduler"
    events    = "arn:aws:iam::111122223333:role/ysh-test-events"
  }
  pipelines = {
    daily = {
      flow       = "daily"
      id         = "ysh-daily-run"
      trigger    = "schedule"
      definition = "daily/ysh-daily-run.asl.json"
      schedule   = "daily/ysh-daily-run.schedule.json"
    }
    event = {
      flow           = "event"
      id             = "ysh-event-new"
      trigger        = "object"
      definition     = "event/ysh-event-new.asl.json"
      rule           = "event/ysh-event-new.rule.json"
      rule_variables = ["YSH_BUCKETS"]
    }
  }
}

run "addresses_are_filled_in" {
  command = plan

  assert {
    condition     = contains(keys(jsondecode(output.definitions["daily"]).States), jsondecode(output.definitions["daily"]).StartAt)
    error_message = "The definition is no state machine."
  }

  assert {
    condition     = !can(regex("\\$\\{", join("", values(output.definitions))))
    error_message = "A placeholder is left."
  }

  assert {
    condition     = length(regexall(var.step_function_arn, output.definitions["daily"])) > 5
    error_message = "The states call another function."
  }

  assert {
    condition     = output.schedules["daily"].ScheduleExpression == "cron(0 2 * * ? *)" && output.schedules["daily"].ScheduleExpressionTimezone == "America/Sao_Paulo"
    error_message = "The schedule is another one."
  }

  assert {
    condition     = output.schedules["daily"].Target.RoleArn == var.role_arns.scheduler
    error_message = "The scheduler has another role."
  }

  assert {
    condition     = output.rules["event"].EventPattern.detail.bucket.name[0] == var.inbox
    error_message = "The rule hears of another bucket."
  }

  assert {
    condition     = keys(output.schedules) == ["daily"] && keys(output.rules) == ["event"]
    error_message = "Something is started that has no trigger."
  }
}

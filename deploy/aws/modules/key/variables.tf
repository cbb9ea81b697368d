variable "name" {
  description = "The key's alias."
  type        = string
}

variable "tags" {
  description = "On everything."
  type        = map(string)
}

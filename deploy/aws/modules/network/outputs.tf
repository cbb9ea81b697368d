output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}

output "private_subnet_ids" {
  description = "Two subnets in two zones."
  value       = aws_subnet.private[*].id
}

output "public_subnet_id" {
  description = "One subnet with a way to the internet."
  value       = aws_subnet.public.id
}

output "work_security_group_id" {
  description = "Lets nothing in."
  value       = aws_security_group.work.id
}

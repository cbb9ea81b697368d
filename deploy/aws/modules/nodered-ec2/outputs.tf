output "instance_id" {
  description = "aws ssm start-session --target ID --document-name AWS-StartPortForwardingSession --parameters portNumber=1880,localPortNumber=1880"
  value       = aws_instance.nodered.id
}

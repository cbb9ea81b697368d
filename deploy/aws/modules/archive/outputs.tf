output "buckets" {
  description = "Names, by what they hold: archive, inbox, results."
  value       = { for key, bucket in aws_s3_bucket.data : key => bucket.bucket }
}

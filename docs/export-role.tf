data "aws_iam_policy_document" "keyproof_export_1" {
  statement {
    sid    = "KeyproofExport"
    effect = "Allow"
    actions = [
      "securityhub:BatchImportFindings",
      "securityhub:BatchUpdateFindings",
      "securityhub:GetFindings",
    ]
    resources = ["*"]
  }
}

resource "aws_iam_policy" "keyproof_export_1" {
  name   = "keyproof-export-1"
  policy = data.aws_iam_policy_document.keyproof_export_1.json
}

variable "keyproof_export_trusted_principal" {
  type        = string
  description = "ARN of the identity that runs keyproof"
}

variable "keyproof_export_external_id" {
  type        = string
  description = "What that identity must name"
}

resource "aws_iam_role" "keyproof_export" {
  name = "keyproof-export"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = var.keyproof_export_trusted_principal }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "sts:ExternalId" = var.keyproof_export_external_id } }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "keyproof_export_1" {
  role       = aws_iam_role.keyproof_export.name
  policy_arn = aws_iam_policy.keyproof_export_1.arn
}

"""Sources (AWS, Terraform plans) to facts and gaps."""

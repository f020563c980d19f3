//! Resource type schemas of the CloudFormation registry, compressed per type.

//! Native drivers over the AWS SDK, by service.

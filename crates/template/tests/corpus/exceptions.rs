//! Templates of which something else is known than what is found here, and why.

/// By file name.
pub(crate) const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "cfn-lint-v0__test__fixtures__templates__bad__outputs__configuration.yaml",
        "the manifest does not look for references in outputs",
    ),
    (
        "cfn-lint-v0__test__fixtures__templates__good__resource_properties.yaml",
        "the manifest passes over a reference under a condition that is not declared",
    ),
    (
        "cfn-lint__test__fixtures__templates__bad__functions__relationship_conditions.yaml",
        "a condition compares `AWS::NoValue`, which CloudFormation's documents do not allow",
    ),
    (
        "cfn-lint__test__fixtures__templates__good__conditions__and.yaml",
        "its own rule refuses the defaults of its parameters",
    ),
    (
        "cfn-lint__test__fixtures__templates__good__functions__get_stack_output.yaml",
        "it takes an output of another account, whose states are not at hand",
    ),
    (
        "cfn-lint__test__fixtures__templates__good__functions__ref.yaml",
        "it refers into a module, which only CloudFormation has",
    ),
    (
        "cfn-lint__test__fixtures__templates__good__generic.yaml",
        "it uses a module, which only CloudFormation has",
    ),
    (
        "cfn-rain__cft__pkg__tmpl__test-expect.yaml",
        "a condition of its circle cannot be read, so that it is not known what it leaves out",
    ),
    (
        "cfn-rain__internal__cmd__build__tmpl__modules__static-site.yaml",
        "a module of another tool: the resources of its circle have no type of their own",
    ),
    (
        "cfn-templates__RainModules__api-resource.yml",
        "a module of another tool: it refers to what its user has",
    ),
];

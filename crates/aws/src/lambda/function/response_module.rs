//! The module with which code that a template holds as text answers a custom resource.
//!
//! CloudFormation puts a module beside such code if the code loads it by one exact statement.
//!
//! Source: CloudFormation user guide, `cfn-response` module: its statements, names, constants and
//! arguments. The text of the modules is rstack's own.

/// The files of one language.
#[derive(Debug)]
pub(super) struct Module {
    /// The beginning of the names of runtimes.
    runtime: &'static str,
    /// The name of the file with the code itself.
    ///
    /// Source: CloudFormation template reference, AWS::Lambda::Function Code.
    pub(super) index: &'static str,
    /// The name of the module's file.
    pub(super) file: &'static str,
    /// The text of the module.
    pub(super) source: &'static str,
}

static MODULES: [Module; 2] = [
    Module {
        runtime: "nodejs",
        index: "index.js",
        file: "cfn-response.js",
        source: include_str!("cfn-response.js"),
    },
    Module {
        runtime: "python",
        index: "index.py",
        file: "cfnresponse.py",
        source: include_str!("cfnresponse.py"),
    },
];

impl Module {
    /// The files of a runtime; `None` if CloudFormation takes no text for it.
    pub(super) fn of_runtime(runtime: &str) -> Option<&'static Self> {
        MODULES.iter().find(|module| runtime.starts_with(module.runtime))
    }

    /// True if code loads the module.
    pub(super) fn is_loaded_by(&self, code: &str) -> bool {
        if self.runtime == "python" {
            return code.lines().any(|line| line.trim() == "import cfnresponse");
        }
        ["require('cfn-response')", "require(\"cfn-response\")"]
            .iter()
            .any(|statement| code.contains(statement))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_statement_loads_the_module() {
        let loads =
            |runtime: &str, code: &str| Module::of_runtime(runtime).unwrap().is_loaded_by(code);
        assert!(loads("python3.13", "import json\nimport cfnresponse\n"));
        assert!(!loads("python3.13", "from cfnresponse import send\n"));
        assert!(!loads("python3.13", "# cfnresponse\n"));
        assert!(loads("nodejs22.x", "const r = require('cfn-response');"));
        assert!(loads("nodejs22.x", "const r = require(\"cfn-response\");"));
        assert!(!loads("nodejs22.x", "import cfnresponse"));
        assert!(Module::of_runtime("java21").is_none());
    }
}

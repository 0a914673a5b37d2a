//! Programs that start further ones.

use tokio::process::{Child, Command};

/// A program and all that it starts. They end with the test.
pub struct Group {
    /// The program itself.
    pub child: Child,
}

impl Group {
    /// Starts a program.
    #[must_use]
    pub fn spawn(command: &mut Command) -> Self {
        Self { child: command.process_group(0).spawn().expect("the program starts") }
    }

    /// Sends all of them a signal, as a terminal does; nothing where the program has ended.
    pub fn signal(&self, name: &str) {
        let Some(id) = self.child.id() else { return };
        let _ = std::process::Command::new("kill").args(["-s", name, "--", &format!("-{id}")]).status();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal("KILL");
    }
}

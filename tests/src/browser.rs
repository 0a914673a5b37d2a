//! A browser without a window, for what people see: Chromium, driven by `WebDriver`.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::prelude::ElementQueryable;
use thirtyfour::{By, Capabilities, WebDriver, WebElement};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::{Group, root};

/// How long a page may take to show what is waited for.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_millis(50);

/// A browser, with a profile that is gone when it ends. It ends with the test, also with one that fails.
pub struct Browser {
    client: WebDriver,
    driver: Driver,
    _profile: TempDir,
}

/// `chromedriver`, which has Chromium as its child.
struct Driver {
    group: Group,
    port: u16,
}

impl Driver {
    /// Starts one; `None` if it did not get a port.
    async fn start() -> Option<Self> {
        let mut command = Command::new("chromedriver");
        let mut group = Group::spawn(command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()));
        let mut lines = BufReader::new(group.child.stdout.take().expect("its output")).lines();
        let port = loop {
            let line = lines.next_line().await.expect("its output")?;
            if let Some(port) = line.split("successfully on port ").nth(1) {
                break port.trim_end_matches('.').parse().expect("a port");
            }
        };
        // Whatever it says further is of no interest, but it must have somewhere to go.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Some(Self { group, port })
    }
}

impl Browser {
    /// Starts one with a window of that size, in light or dark colours.
    pub async fn start(width: u32, height: u32, dark: bool) -> Self {
        let profile = TempDir::new().expect("a directory");
        // It takes a free port of IPv6 and ends if another process has that port of IPv4.
        let mut driver = None;
        for _ in 0..5 {
            if driver.is_none() {
                driver = Driver::start().await;
            }
        }
        let driver = driver.expect("chromedriver gets a port");
        let mut arguments = vec![
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--force-prefers-reduced-motion".to_owned(),
            format!("--window-size={width},{height}"),
            format!("--user-data-dir={}", profile.path().display()),
        ];
        if dark {
            arguments.push("--blink-settings=preferredColorScheme=0".to_owned());
        }
        let mut capabilities = Capabilities::new();
        let mut options = json!({"args": arguments});
        if width < 500 {
            // A window can't be as narrow as a phone.
            let screen = json!({"width": width, "height": height, "pixelRatio": 1.0});
            options["mobileEmulation"] = json!({"deviceMetrics": screen});
        }
        capabilities.set("goog:chromeOptions", options).expect("options");
        let client = WebDriver::new(format!("http://127.0.0.1:{}", driver.port), capabilities).await;
        Self { client: client.expect("a browser"), driver, _profile: profile }
    }

    /// Goes to an address.
    pub async fn open(&self, address: &str) {
        self.client.goto(address).await.expect(address);
    }

    /// What a CSS selector finds, as soon as it does.
    pub async fn find(&self, selector: &str) -> WebElement {
        let query = self.client.query(By::Css(selector)).wait(PATIENCE, PAUSE);
        let found = query.first().await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("{selector}: {error} in {}", self.text("body").await),
        }
    }

    /// Clicks it.
    pub async fn click(&self, selector: &str) {
        self.find(selector).await.click().await.expect(selector);
    }

    /// Types into it.
    pub async fn type_into(&self, selector: &str, text: &str) {
        self.find(selector).await.send_keys(text).await.expect(selector);
    }

    /// The text that something shows.
    pub async fn text(&self, selector: &str) -> String {
        let element = self.client.find(By::Css(selector)).await.expect(selector);
        element.text().await.expect(selector)
    }

    /// Waits until something shows a text.
    pub async fn wait_for(&self, selector: &str, text: &str) {
        let seen = async {
            loop {
                if let Ok(element) = self.client.find(By::Css(selector)).await
                    && element.text().await.is_ok_and(|shown| shown.contains(text))
                {
                    return;
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        if tokio::time::timeout(PATIENCE, seen).await.is_err() {
            self.screenshot("waited-in-vain").await;
            panic!("{selector} never showed {text:?}, but {}", self.text("body").await);
        }
    }

    /// Has axe-core look at the page for what keeps people out; it must find nothing.
    pub async fn is_accessible(&self, name: &str) {
        let path = root().join("node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(path).expect("axe-core: run scripts/install-tools");
        // The page's policy lets no script of others in; what the driver runs is not the page's.
        self.client.execute(axe, vec![]).await.expect("axe-core");
        let run = "const done = arguments[arguments.length - 1]; axe.run().then((found) => done(found.violations.map((one) => \
                   one.id + ': ' + one.help + ' at ' + one.nodes.map((node) => node.target.join(' ')).join(', '))));";
        let found = self.client.execute_async(run, vec![]).await.expect("axe-core");
        assert_eq!(found.json(), &json!([]), "{name}");
    }

    /// What a script gives.
    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, vec![]).await.expect(script).json().clone()
    }

    /// Loads the page again.
    pub async fn refresh(&self) {
        self.client.refresh().await.expect("the page");
    }

    /// Where it is.
    pub async fn address(&self) -> url::Url {
        self.client.current_url().await.expect("an address")
    }

    /// Presses keys, wherever the focus is.
    pub async fn press(&self, keys: &str) {
        self.client.active_element().await.expect("a focus").send_keys(keys).await.expect("keys");
    }

    /// Keeps a picture of the page in `target/screenshots/`.
    pub async fn screenshot(&self, name: &str) {
        let folder = root().join("target/screenshots");
        std::fs::create_dir_all(&folder).expect("a folder");
        let picture = self.client.screenshot_as_png().await.expect("a picture");
        std::fs::write(folder.join(format!("{name}.png")), picture).expect("a file");
    }

    /// Goes on in the tab that was opened last, or in the first one.
    pub async fn switch_to(&self, last: bool) {
        let mut tabs = self.client.windows().await.expect("tabs");
        let tab = if last { tabs.pop() } else { tabs.drain(..).next() };
        self.client.switch_to_window(tab.expect("a tab")).await.expect("the tab");
    }

    /// Ends it.
    pub async fn close(mut self) {
        let _ = self.client.clone().quit().await;
        let _ = self.driver.group.child.kill().await;
    }
}

impl Drop for Driver {
    /// Where it still runs, has it end Chromium with itself. Whatever is left of the two is killed with the group.
    fn drop(&mut self) {
        if self.group.child.id().is_none() {
            return;
        }
        let told = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).and_then(|mut stream| {
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.write_all(b"POST /shutdown HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")?;
            stream.read_to_end(&mut Vec::new())
        });
        drop(told);
    }
}

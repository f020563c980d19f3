//! Disks and directories that fail under the whole program: one clear error, nothing forgotten.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::{Signal, geteuid};

use crate::harness::{Place, Ran};

/// A small file system, gone with the value.
struct Small(PathBuf);

impl Small {
    /// `None` if this machine does not let us mount one.
    fn mount(path: &Path, kilobytes: u32) -> Option<Self> {
        fs::create_dir_all(path).unwrap();
        let size = format!("size={kilobytes}k,mode=0700");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(path).stderr(Stdio::null());
        let mounted = geteuid().is_root() && mount.status().is_ok_and(|status| status.success());
        mounted.then(|| Self(path.to_owned()))
    }

    fn remount(&self, how: &str) {
        let mut mount = Command::new("mount");
        let status = mount.args(["-o", &format!("remount,{how}")]).arg(&self.0).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // Nothing runs there any more; the removal of its folder fails if the mount stays.
        let _unmounted = Command::new("umount").arg(&self.0).status();
    }
}

/// Reports a test that was skipped, so that the reader knows what was not tested.
fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}

/// A stack whose state is on a small disk, and whose simulated cloud is not.
fn on_a_small_disk() -> Option<(Place, Small)> {
    let place = Place::streaming();
    fs::create_dir_all(place.path("cloud")).unwrap();
    let Some(disk) = Small::mount(&place.path("state/sandbox"), 4096) else {
        skipped("no file system can be mounted here");
        return None;
    };
    std::os::unix::fs::symlink(place.path("cloud"), place.path("state/sandbox/cloud")).unwrap();
    Some((place, disk))
}

/// The program failed with an error about a file, and not with a panic.
#[track_caller]
fn assert_reported(ran: &Ran, codes: &[i32]) {
    assert!(codes.contains(&ran.code), "{}: {}", ran.code, ran.err);
    assert!(ran.err.contains("error["), "{}", ran.err);
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
}

#[test]
fn a_full_disk_stops_a_run_wherever_it_is_full() {
    let Some((place, _disk)) = on_a_small_disk() else { return };
    place.sandbox(&["apply", "--yes"]).expect(0);
    place.sandbox(&["destroy", "--yes"]).expect(0);
    let filler = place.path("state/sandbox/filler");
    let mut failures = 0;
    for pages in (0..32).step_by(2) {
        // All the room that there is, but for so many pages.
        let _full = fs::write(&filler, vec![0; 8 << 20]);
        let size = fs::metadata(&filler).unwrap().len();
        let file = fs::OpenOptions::new().write(true).open(&filler).unwrap();
        file.set_len((size / 4096).saturating_sub(pages) * 4096).unwrap();
        drop(file);
        let before = place.sandbox(&["sandbox", "ls"]).expect(0).out.lines().count();
        let ran = place.sandbox(&["apply", "--yes", "--parallelism", "1"]);
        fs::remove_file(&filler).unwrap();
        if ran.code == 0 {
            break;
        }
        failures += 1;
        assert_reported(&ran, &[1]);
        let after = place.sandbox(&["sandbox", "ls"]).expect(0).out.lines().count();
        assert!(after >= before);
        // What was there is readable, and the next command finds out what was made.
        place.sandbox(&["apply", "--yes"]).expect(0);
        assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out.lines().count(), 9);
        place.sandbox(&["destroy", "--yes"]).expect(0);
        assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out, "");
    }
    assert!((2..16).contains(&failures), "{failures}");
}

#[test]
fn a_disk_that_cannot_be_written_is_said_before_anything_is_made() {
    let Some((place, disk)) = on_a_small_disk() else { return };
    place.sandbox(&["apply", "--yes"]).expect(0);
    place.edit("stacks/streaming.yaml", "Default: 60", "Default: 40");
    let before = place.content();
    disk.remount("ro");
    assert_reported(&place.sandbox(&["apply", "--yes"]), &[1]);
    assert_reported(&place.sandbox(&["state", "mv", "streaming", "Channel", "X"]), &[1]);
    place.sandbox(&["state", "list"]).expect(0);
    assert_eq!(place.content(), before);
    disk.remount("rw");
    place.sandbox(&["apply", "--yes"]).expect(0);
}

/// The directory of everything: template, cache, saved plan and state.
#[test]
fn a_full_disk_is_enough_to_validate_and_plan_and_nothing_else_is_begun() {
    let place = Place::empty();
    let Some(disk) = Small::mount(&place.path("small"), 64) else {
        skipped("no file system can be mounted here");
        return;
    };
    place.write("small/rstack.toml", "[lint]\nbudget = 3600\n");
    place.write("small/topic.yaml", "Resources: {A: {Type: AWS::SNS::Topic}}\n");
    let _full = fs::write(place.path("small/filler"), vec![0; 1 << 20]);
    let here = |line: &[&str]| {
        let mut command = place.command(line);
        command.current_dir(place.path("small")).env("HOME", place.path("small"));
        crate::harness::ran(command)
    };
    for read_only in [false, true] {
        if read_only {
            disk.remount("ro");
        }
        here(&["validate", "topic.yaml"]).expect(0);
        let plan = here(&["plan", "topic.yaml", "--sandbox"]).expect(0);
        assert!(plan.out.contains("Plan: 1 to create"), "{}", plan.out);
        for line in [
            &["plan", "topic.yaml", "--sandbox", "--out", "x.plan"][..],
            &["apply", "topic.yaml", "--sandbox", "--yes"],
        ] {
            let ran = here(line);
            assert_reported(&ran, &[1]);
            let reason = if read_only { "Read-only file system" } else { "No space left" };
            assert!(ran.err.contains(reason), "{}", ran.err);
        }
        assert!(!place.path("small/x.plan").exists());
        assert_eq!(here(&["sandbox", "ls"]).expect(0).out, "", "nothing was made");
    }
}

#[test]
fn a_directory_that_may_not_be_written_is_said() {
    if geteuid().is_root() {
        skipped("root may write everywhere");
        return;
    }
    let place = Place::streaming();
    place.sandbox(&["apply", "--yes"]).expect(0);
    let path = place.path("state/sandbox");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o500)).unwrap();
    let ran = place.sandbox(&["destroy", "--yes"]);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    assert_reported(&ran, &[1]);
    place.sandbox(&["destroy", "--yes"]).expect(0);
}

/// A laptop slept, and the lock file or the directory was removed meanwhile.
#[test]
fn a_run_that_loses_its_lock_or_directory_says_so_and_the_next_recovers_it() {
    for (lose, error) in [
        ("state/sandbox/streaming.lock", "error[lock-lost]"),
        ("state/sandbox/streaming.journal", "error[journal-lost]"),
    ] {
        let place = Place::streaming();
        let mut running = place.start_slow(&["apply", "--yes"]);
        running.wait_for("waiting    AWS::CloudFront::Distribution");
        let lost = place.path(lose);
        fs::rename(&lost, place.path("lost")).unwrap();
        running.signal(Signal::INT);
        let (code, said) = running.end();
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(error), "{said}");
        if !lost.exists() {
            fs::rename(place.path("lost"), &lost).unwrap();
        }
        place.sandbox(&["apply", "--yes"]).expect(0);
        assert_eq!(place.sandbox(&["sandbox", "ls"]).expect(0).out.lines().count(), 9);
    }
}

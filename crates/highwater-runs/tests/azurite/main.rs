//! The remote store against the vendor's emulator: races of conditional writes, uploads that are interrupted, listings
//! after something was taken away, leases.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[path = "../../../../tests/runs/emulator.rs"]
mod emulator;

use std::collections::BTreeSet;
use std::path::Path;
use std::task::Poll;
use std::time::Duration;

use emulator::{ACCOUNT, Emulator};
use highwater_runs::lease::{self, Asker, Lease};
use highwater_runs::lock::Taken;
use highwater_runs::remote::{Access, Published, Remote};
use highwater_runs::{Address, Error};
use sha2::{Digest as _, Sha256};

const TENANT: &str = "00000000-0000-0000-0000-000000000101";
const ID: &str = "2026-11-22T06-00-00Z";

fn open(emulator: &Emulator, prefix: &str) -> Remote {
    let address = Address::parse(&format!("az://{ACCOUNT}/maturity/{prefix}")).unwrap().unwrap();
    let access = Access {
        tokens: None,
        http: highwater_auth::tls::client_builder(None).unwrap().no_proxy().build().unwrap(),
        suffix: "core.windows.net".to_owned(),
        emulator: Some(emulator.url.parse().unwrap()),
    };
    Remote::open(&address, &access).unwrap()
}

/// Writes a snapshot of `files` files that hold `text`.
fn snapshot(folder: &Path, text: &str, files: usize) {
    let mut listed = serde_json::Map::new();
    for kind in ["tables", "raw"] {
        std::fs::create_dir_all(folder.join(kind)).unwrap();
    }
    for number in 0..files {
        let name = match number % 2 {
            0 => format!("tables/t{number}.parquet"),
            _ => format!("raw/s{number}.ndjson.zst"),
        };
        let bytes = format!("{text} {number}").repeat(50 + number);
        std::fs::write(folder.join(&name), &bytes).unwrap();
        let sha256: String =
            Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        listed
            .insert(name, serde_json::json!({ "sha256": sha256, "bytes": bytes.len(), "rows": 1 }));
    }
    let manifest = serde_json::json!({ "format": 1, "files": listed, "of": text });
    std::fs::write(folder.join("manifest.json"), manifest.to_string()).unwrap();
}

/// What stands in the store, checked by fetching it; the text that its files hold.
async fn fetched(remote: &Remote, id: &str) -> Option<String> {
    let to = tempfile::tempdir().unwrap();
    remote.fetch(TENANT, id, to.path()).await.ok()?;
    let manifest = std::fs::read(to.path().join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    Some(manifest["of"].as_str().unwrap().to_owned())
}

async fn publish(remote: &Remote, id: &str, folder: &Path) -> Result<Published, Error> {
    remote.publish(TENANT, id, folder, || Ok(())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_keeps_its_promises() {
    let Some(emulator) = Emulator::start() else {
        println!(
            "skipped: the_store_keeps_its_promises, because HIGHWATER_TEST_AZURITE names no folder with azurite"
        );
        return;
    };
    a_snapshot_comes_back_and_goes(&open(&emulator, "there/and/back")).await;
    let winners = of_many_writers_one_wins(&emulator).await;
    what_was_interrupted_is_invisible(&open(&emulator, "interrupted")).await;
    let cut = uploads_are_cut_off_anywhere(&open(&emulator, "cut")).await;
    println!(
        "{winners} of 8 races had a winner, the others none; {cut} of 50 uploads were cut off"
    );
    leases(&emulator).await;
}

async fn a_snapshot_comes_back_and_goes(remote: &Remote) {
    let folder = tempfile::tempdir().unwrap();
    snapshot(folder.path(), "first", 20);
    assert_eq!(publish(remote, ID, folder.path()).await.unwrap(), Published::New);
    assert_eq!(publish(remote, ID, folder.path()).await.unwrap(), Published::Known);
    assert_eq!(remote.tenants().await.unwrap(), [TENANT]);
    assert_eq!(remote.snapshots(TENANT).await.unwrap(), [ID]);
    assert_eq!(fetched(remote, ID).await.as_deref(), Some("first"));
    let other = tempfile::tempdir().unwrap();
    snapshot(other.path(), "other", 20);
    assert!(matches!(publish(remote, ID, other.path()).await, Err(Error::Conflict { .. })));
    remote
        .put(&format!("tenant={TENANT}/snapshot={ID}/tables/t0.parquet"), "torn".into())
        .await
        .unwrap();
    assert_eq!(fetched(remote, ID).await, None, "damage is seen");
    remote.remove(TENANT, ID).await.unwrap();
    assert_eq!(remote.snapshots(TENANT).await.unwrap(), [] as [&str; 0]);
    assert_eq!(remote.names(&format!("tenant={TENANT}")).await.unwrap(), [] as [&str; 0]);
    remote.remove(TENANT, ID).await.unwrap();
    assert_eq!(publish(remote, ID, other.path()).await.unwrap(), Published::New);
    assert_eq!(fetched(remote, ID).await.as_deref(), Some("other"));
}

/// Writers of different snapshots of one moment, all at once, with nothing to keep them apart; how often one of them won.
async fn of_many_writers_one_wins(emulator: &Emulator) -> usize {
    let mut winners = 0;
    for round in 0..8 {
        let remote = open(emulator, &format!("race-{round}"));
        let folders: Vec<_> = (0..4)
            .map(|writer| {
                let folder = tempfile::tempdir().unwrap();
                snapshot(folder.path(), &format!("writer {writer}"), 12);
                folder
            })
            .collect();
        let writers = folders.iter().map(|folder| publish(&remote, ID, folder.path()));
        let ended = futures_util::future::join_all(writers).await;
        let won = ended.iter().filter(|it| matches!(it, Ok(Published::New))).count();
        assert!(won <= 1, "{ended:?}");
        for other in ended.iter().filter(|it| it.is_err()) {
            assert!(matches!(other, Err(Error::Conflict { .. })), "{other:?}");
        }
        let shown = remote.snapshots(TENANT).await.unwrap();
        assert_eq!(shown.len(), won);
        winners += won;
        if won == 1 {
            let winner = ended.iter().position(Result::is_ok).unwrap();
            assert_eq!(fetched(&remote, ID).await, Some(format!("writer {winner}")));
        }
    }
    winners
}

async fn what_was_interrupted_is_invisible(remote: &Remote) {
    let folder = tempfile::tempdir().unwrap();
    snapshot(folder.path(), "first", 10);
    let stopped = remote.publish(TENANT, ID, folder.path(), || {
        Err(Error::LeaseLost { place: "the lease".to_owned() })
    });
    assert!(matches!(stopped.await, Err(Error::LeaseLost { .. })));
    assert_eq!(remote.snapshots(TENANT).await.unwrap(), [] as [&str; 0]);
    assert_eq!(fetched(remote, ID).await, None);
    let other = tempfile::tempdir().unwrap();
    snapshot(other.path(), "other", 10);
    assert!(matches!(publish(remote, ID, other.path()).await, Err(Error::Conflict { .. })));
    let now =
        i64::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    assert!(remote.sweep(TENANT, now - 600).await.unwrap().is_empty(), "it may be under way");
    assert_eq!(publish(remote, ID, folder.path()).await.unwrap(), Published::New, "it goes on");
    assert!(remote.sweep(TENANT, now + 600).await.unwrap().is_empty(), "what stands stays");
    remote.delete(&format!("tenant={TENANT}/snapshot={ID}/manifest.json")).await.unwrap();
    assert_eq!(remote.sweep(TENANT, now + 600).await.unwrap(), [ID]);
    assert_eq!(publish(remote, ID, other.path()).await.unwrap(), Published::New);
}

/// A future that is dropped after it was woken so often; none where that was too early for it.
async fn cut_off<T>(future: impl Future<Output = T>, wakes: u64) -> Option<T> {
    let mut future = std::pin::pin!(future);
    let mut left = wakes;
    std::future::poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

/// Uploads and removals that end anywhere: what was begun is gone on with, and is whole when it is seen. How many were
/// cut off.
async fn uploads_are_cut_off_anywhere(remote: &Remote) -> usize {
    let folder = tempfile::tempdir().unwrap();
    snapshot(folder.path(), "first", 6);
    let ids: Vec<String> = (0..50).map(|round| format!("2026-11-22T06-{round:02}-00Z")).collect();
    let mut cut = 0;
    for (wakes, id) in (0_u64..).zip(&ids) {
        let wakes = 1 + (wakes * 7) % 45;
        cut += usize::from(cut_off(publish(remote, id, folder.path()), wakes).await.is_none());
        if wakes.is_multiple_of(5) {
            cut_off(remote.remove(TENANT, id), wakes / 5).await;
        }
        for shown in remote.snapshots(TENANT).await.unwrap() {
            assert_eq!(fetched(remote, &shown).await.as_deref(), Some("first"), "{shown}");
        }
    }
    assert!(cut > 5, "too few were cut off to say anything: {cut}");
    for id in &ids {
        publish(remote, id, folder.path()).await.unwrap();
    }
    assert_eq!(remote.snapshots(TENANT).await.unwrap(), ids);
    cut
}

fn asker(number: usize, lifetime: u64) -> Asker {
    Asker {
        holder: format!("run {number}"),
        mark: number.to_string(),
        lifetime: Duration::from_secs(lifetime),
        now: || std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |it| it.as_secs() as i64),
    }
}

async fn asked(remote: &Remote, number: usize, lifetime: u64) -> Taken<Lease> {
    lease::take(remote, TENANT, &asker(number, lifetime)).await.unwrap()
}

async fn leases(emulator: &Emulator) {
    let remote = open(emulator, "leases");
    let mut holders = BTreeSet::new();
    for round in 0..5 {
        let all = (0..8).map(|number| asked(&remote, round * 8 + number, 60));
        let mut won: Vec<Lease> = Vec::new();
        for taken in futures_util::future::join_all(all).await {
            if let Taken::Ours(lease) = taken {
                won.push(lease);
            }
        }
        assert_eq!(won.len(), 1, "round {round}");
        let lease = won.pop().unwrap();
        lease.check().unwrap();
        let Taken::Busy(said) = asked(&remote, 99, 60).await else { panic!("it is taken") };
        holders.insert(said);
        lease.release().await;
    }
    assert!(holders.iter().all(|said| said.starts_with("run ")), "{holders:?}");
    // Whoever waits for a run that ends meanwhile is told that there was one.
    let Taken::Ours(lease) = asked(&remote, 50, 60).await else { panic!("it is free") };
    let other = asker(51, 60);
    let ended = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        lease.release().await;
    };
    let (told, ()) = tokio::join!(lease::take_from_the_dead(&remote, TENANT, &other), ended);
    assert!(matches!(told, Ok(Taken::Busy(said)) if said == "run 50"));
    // One that is kept alive outlives its lifetime; one whose holder is gone ends.
    let Taken::Ours(lease) = asked(&remote, 1, 2).await else { panic!("it is free") };
    tokio::time::sleep(Duration::from_secs(5)).await;
    lease.check().unwrap();
    assert!(matches!(asked(&remote, 2, 2).await, Taken::Busy(_)));
    let patient = |number| {
        let (remote, asker) = (remote.clone(), asker(number, 6));
        async move { lease::take_from_the_dead(&remote, TENANT, &asker).await.unwrap() }
    };
    assert!(matches!(patient(2).await, Taken::Busy(_)), "its holder is alive");
    drop(lease);
    let Taken::Ours(lease) = patient(3).await else { panic!("its holder is dead") };
    // Somebody takes it by force, as a machine with another clock would.
    remote.put(&format!(".locks/{TENANT}.json"), "{}".into()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(matches!(lease.check(), Err(Error::LeaseLost { .. })));
}

//! Customer maps: kept byte for byte under the hash of what they hold.

use super::*;

const CSV: &[u8] = b"sub_account_id,customer_id\r\n2f3c5d2a-9ef8-4c91-a5f4-79990c8c1d3a,acme\r\n";

fn path(archive: &Archive, sha256: &str) -> PathBuf {
    archive.folder().expect("a local one").join(archive.customers_path(sha256).as_ref())
}

#[test]
fn a_map_is_found_by_its_hash_and_kept_once() {
    let (_folder, archive) = archive();
    run(async {
        let name = archive.put_customers(CSV).await.unwrap();
        assert_eq!(name, sha256(CSV));
        assert!(path(&archive, &name).ends_with(format!("customers/{name}.csv.zst")));
        let before = std::fs::metadata(path(&archive, &name)).unwrap().modified().unwrap();
        assert_eq!(archive.put_customers(CSV).await.unwrap(), name);
        assert_eq!(std::fs::metadata(path(&archive, &name)).unwrap().modified().unwrap(), before);
        assert_eq!(archive.customers(&name).await.unwrap().as_deref(), Some(CSV));
        assert_eq!(archive.customers(&sha256(b"another map")).await.unwrap(), None);
    });
}

#[test]
fn what_is_not_the_map_is_damage() {
    let (_folder, archive) = archive();
    run(async {
        let name = archive.put_customers(CSV).await.unwrap();
        let other = archive.put_customers(b"sub_account_id,customer_id\r\n").await.unwrap();
        std::fs::copy(path(&archive, &other), path(&archive, &name)).unwrap();
        let error = archive.customers(&name).await.unwrap_err();
        assert!(matches!(&error, Error::Damaged { .. }), "{error}");
        assert!(error.to_string().contains(&name), "{error}");
        std::fs::write(path(&archive, &name), "no zstd").unwrap();
        assert!(matches!(archive.customers(&name).await, Err(Error::Damaged { .. })));
    });
}

//! Whether a protected PDF opens with the empty password (ISO 32000-2 §7.6.4).

use aes::Aes128;
use aes::cipher::{BlockCipherEncrypt as _, KeyInit as _};
use md5::{Digest as _, Md5};
use rc4::{Rc4, StreamCipher as _};
use sha2::{Sha256, Sha384, Sha512};

/// What a PDF says of its protection.
pub(super) struct Protection {
    /// `/R`.
    pub(super) revision: u8,
    pub(super) key_bytes: usize,
    /// `/O`, `/U`.
    pub(super) owner: Vec<u8>,
    pub(super) user: Vec<u8>,
    /// `/P`, the lowest byte first.
    pub(super) permissions: [u8; 4],
    pub(super) hides_metadata: bool,
    /// The first of `/ID`.
    pub(super) id: Vec<u8>,
}

/// What fills a short password up; the empty one is this.
const PADDING: [u8; 32] = [
    0x28, 0xbf, 0x4e, 0x5e, 0x4e, 0x75, 0x8a, 0x41, 0x64, 0x00, 0x4e, 0x56, 0xff, 0xfa, 0x01, 0x08,
    0x2e, 0x2e, 0x00, 0xb6, 0xd0, 0x68, 0x3e, 0x80, 0x2f, 0x0c, 0xa9, 0xfe, 0x64, 0x53, 0x69, 0x7a,
];

/// Rounds of the hash of revision 6: in all the world's PDFs it ends soon after the 64th.
const ROUNDS_MAX: usize = 2_000;

/// Whether nobody is asked for a password; an unknown revision asks.
pub(super) fn opens_without_password(protection: &Protection) -> bool {
    let user = protection.user.as_slice();
    match protection.revision {
        2 => rc4(&key(protection), &PADDING).as_deref() == user.get(..32),
        3 | 4 => of_revision_3(protection).as_deref() == user.get(..16),
        5 => {
            user.get(32..40).map(|salt| Sha256::digest(salt).to_vec()).as_deref() == user.get(..32)
        }
        6 => user.get(32..40).and_then(of_revision_6).as_deref() == user.get(..32),
        _ => false,
    }
}

/// Algorithm 2: the key of the empty password.
fn key(protection: &Protection) -> Vec<u8> {
    let mut hasher = Md5::new();
    hasher.update(PADDING);
    hasher.update(protection.owner.get(..32).unwrap_or(&protection.owner));
    hasher.update(protection.permissions);
    hasher.update(&protection.id);
    if protection.revision >= 4 && !protection.hides_metadata {
        hasher.update([0xff; 4]);
    }
    let mut key = hasher.finalize().to_vec();
    if protection.revision >= 3 {
        for _ in 0..50 {
            key = Md5::digest(key.get(..protection.key_bytes).unwrap_or(&key)).to_vec();
        }
        key.truncate(protection.key_bytes);
    } else {
        key.truncate(5);
    }
    key
}

/// Algorithm 5: the first half of `/U`.
fn of_revision_3(protection: &Protection) -> Option<Vec<u8>> {
    let key = key(protection);
    let hash = Md5::new().chain_update(PADDING).chain_update(&protection.id).finalize();
    let first = rc4(&key, &hash)?;
    (1..=19_u8).try_fold(first, |text, round| {
        let key: Vec<u8> = key.iter().map(|byte| byte ^ round).collect();
        rc4(&key, &text)
    })
}

fn rc4(key: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    let mut cipher = Rc4::new_from_slice(key).ok()?;
    let mut text = text.to_vec();
    cipher.apply_keystream(&mut text);
    Some(text)
}

/// Algorithm 2.B for the empty password.
fn of_revision_6(salt: &[u8]) -> Option<Vec<u8>> {
    let mut hash = Sha256::digest(salt).to_vec();
    for round in 1..=ROUNDS_MAX {
        let text = encrypted(&hash)?;
        // Sixteen bytes as one number, modulo three: 256 is 1 modulo 3.
        let remainder = text.iter().take(16).map(|byte| u32::from(*byte)).sum::<u32>() % 3;
        hash = match remainder {
            0 => Sha256::digest(&text).to_vec(),
            1 => Sha384::digest(&text).to_vec(),
            _ => Sha512::digest(&text).to_vec(),
        };
        if round >= 64 && usize::from(*text.last()?) <= round - 32 {
            hash.truncate(32);
            return Some(hash);
        }
    }
    None
}

/// The hash 64 times, with AES-128 in CBC, by its own first and second sixteen bytes.
fn encrypted(hash: &[u8]) -> Option<Vec<u8>> {
    let cipher = Aes128::new_from_slice(hash.get(..16)?).ok()?;
    let mut before: [u8; 16] = hash.get(16..32)?.try_into().ok()?;
    let mut text = hash.repeat(64);
    for block in text.chunks_exact_mut(16) {
        for (byte, other) in block.iter_mut().zip(before) {
            *byte ^= other;
        }
        let mut sealed = before.into();
        let plain: [u8; 16] = (&*block).try_into().ok()?;
        cipher.encrypt_block_b2b(&plain.into(), &mut sealed);
        block.copy_from_slice(&sealed);
        before = sealed.into();
    }
    Some(text)
}

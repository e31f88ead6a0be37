//! A network card made of a file: what the system sends through it is read here, packet by packet, and the other way.
//!
//! The only code here that is not safe: the one `ioctl` that makes the card, for which no library we have has a safe name.

use anyhow::{Context as _, Result};
use std::fs::{File, OpenOptions};

/// Length of a card's name, with its end.
const NAME: usize = 16;
/// `TUNSETIFF` of Linux, `_IOW('T', 202, int)`.
const TUNSETIFF: rustix::ioctl::Opcode = 0x4004_54ca;
/// Packets of IP, and nothing before them: `IFF_TUN | IFF_NO_PI`.
const PACKETS: u16 = 0x1001;

/// `struct ifreq` of Linux, as far as it matters here.
#[repr(C)]
struct Request {
    name: [u8; NAME],
    flags: u16,
    rest: [u8; 22],
}

/// Makes a card of this name where this program is. It is gone when the file is closed.
pub(super) fn card(name: &str) -> Result<File> {
    let file = OpenOptions::new().read(true).write(true).open("/dev/net/tun").context("/dev/net/tun")?;
    let mut request = Request { name: [0; NAME], flags: PACKETS, rest: [0; 22] };
    anyhow::ensure!(name.len() < NAME, "{name} is too long for a card");
    request.name[..name.len()].copy_from_slice(name.as_bytes());
    #[expect(unsafe_code, reason = "the opcode is the kernel's, and the structure has its layout and its 40 bytes")]
    // SAFETY: TUNSETIFF reads and writes one `struct ifreq`, which `request` is; it outlives the call.
    unsafe { rustix::ioctl::ioctl(&file, rustix::ioctl::Updater::<TUNSETIFF, Request>::new(&mut request)) }
        .with_context(|| format!("while making the card {name}"))?;
    Ok(file)
}

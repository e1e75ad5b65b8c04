//! The flows of existing clients, each from beginning to end through its own door and its own socket, with
//! every message in order. The work in between is done by calls that an agent would make.

mod desk;
mod s000;
mod s001;
mod s002;
mod s003;
mod s004;

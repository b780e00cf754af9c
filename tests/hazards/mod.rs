//! The hazards: each state that a real disk gets into, built with git alone, and what becomes of it.

mod processes;
mod processes_waiting;
mod reading;
mod removing;
mod removing_inside;
mod removing_keeper;
mod removing_paused;
mod removing_work;
mod rows_removing;

//! The chart of users per day and service.

use domain::billing::{Period, UsersPerDay};
use plotters::prelude::*;

use crate::error::{Error, ErrorCode, Result};

const SIZE: (u32, u32) = (960, 420);
/// Two colours that people with colour blindness can tell apart (Okabe and Ito).
const PBX: RGBColor = RGBColor(0, 114, 178);
const TRUNK: RGBColor = RGBColor(213, 94, 0);

/// Draws the chart as SVG: one line per service over the first `days` days of the period.
pub(super) fn draw(period: Period, per_day: &UsersPerDay, days: usize) -> Result<String> {
    let mut svg = String::new();
    let drawn = draw_into(&mut svg, period, per_day, days);
    drawn.map_err(|error| {
        tracing::error!(%error, "the chart could not be drawn");
        Error::new(ErrorCode::Internal, "This is our fault. Tell support the request id.")
    })?;
    Ok(svg)
}

fn draw_into(
    svg: &mut String,
    period: Period,
    per_day: &UsersPerDay,
    days: usize,
) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let most = per_day.pbx.iter().chain(&per_day.trunk).copied().max().unwrap_or_default();
    let last = i32::try_from(period.days())?;
    let mut chart = ChartBuilder::on(&area)
        .caption(format!("Users per day, {period} (UTC)"), ("sans-serif", 20))
        .margin(16)
        .x_label_area_size(40)
        .y_label_area_size(72)
        .build_cartesian_2d(1..last, 0..(most + most / 10).max(4))?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .x_desc("day of the month")
        .y_desc("users")
        .x_labels(period.days())
        .label_style(("sans-serif", 13))
        .draw()?;
    for (name, users, colour) in [("PBX Connector", &per_day.pbx, PBX), ("SIP Trunk", &per_day.trunk, TRUNK)] {
        let points = (1..=last).zip(users.iter().copied()).take(days);
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(3)).point_size(3))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(3)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.3))
        .label_font(("sans-serif", 13))
        .draw()?;
    area.present()?;
    Ok(())
}
